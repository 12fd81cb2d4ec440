"""What the shop's corners are about, and how people ask for it.

The words of a theme stand in titles and descriptions; visitors who search say it otherwise: what
they say stands in no title and no description, so only a model that has seen what they then opened
can tell what they mean. The same holds of genres: their names are not in the texts of books.
"""

from __future__ import annotations

from dataclasses import dataclass

CORNERS = 6
"""Corners of each genre, each with a theme of its own."""


@dataclass(frozen=True)
class Theme:
    adjectives: tuple[str, ...]
    nouns: tuple[str, ...]
    asked: tuple[str, ...]


def _themes(text: str) -> tuple[Theme, ...]:
    """One theme a line: adjectives | nouns | what visitors say."""
    lines = [line.split("|") for line in text.strip().splitlines()]
    return tuple(Theme(*(tuple(part.split()) for part in line)) for line in lines)


THEMES = _themes("""
Tidal Salt Drifting Sunken|Harbour Island Voyage Shore Lighthouse Anchor Tide|ocean sailing nautical ships maritime seafaring
Blooming Walled Overgrown Green|Garden Orchard Seed Meadow Hedge Greenhouse Vine|plants flowers horticulture botanical fruit soil
Slow Second Late Fleeting|Clock Calendar Hour Pendulum Almanac Sundial Century|time chronology era watchmaker decades temporal
Unwritten Paper Folded Sealed|Letter Alphabet Archive Library Inkwell Manuscript Postcard|correspondence epistolary bookish literary handwriting authors
Northern Iron Departing Parallel|Station Signal Platform Junction Timetable Carriage Tunnel|railway trains locomotive commuting steam tracks
Winding Shallow Flooded Swift|River Bridge Ferry Mill Weir Barge Towpath|stream canal waterway boating fishing rowing
Bright Glass Burning Flickering|Lantern Mirror Window Candle Lamp Ember Prism|illumination glow optics luminous radiance reflection
Frozen White Silent Pale|Winter Snow Frost Sleigh Glacier Blizzard Avalanche|cold arctic polar skiing freezing icy
Uncharted Crooked Wandering Forgotten|Compass Map Atlas Border Meridian Globe Frontier|navigation cartography geography explorers orientation expedition
Hollow Deep Tangled Mossy|Forest Wolf Hunter Oak Clearing Thicket Raven|trees woodland wilderness timber bushcraft outback
Sweet Bitter Smoked Generous|Kitchen Table Bread Feast Pantry Spice Oven|food cuisine baking meals dinner eating
Patient Borrowed Restless Common|Daughter Promise Neighbour Wedding Cradle Inheritance Twin|relatives parents siblings marriage kinship mothers
Humming Oiled Brass Automatic|Machine Engine Carpenter Lever Workshop Blueprint Furnace|technology inventions robots industrial tools gadgets
Thirsty Scorched Endless Red|Desert Caravan Oasis Dune Mirage Scorpion Nomad|sand arid camels sahara drought bedouin
Hidden Secret Double Nameless|Shadow Mask Whisper Cipher Disguise Keyhole Informer|spies espionage conspiracy intrigue undercover surveillance
High Steep Thin Upper|Mountain Summit Ridge Cliff Pass Shepherd Cairn|climbing hiking alps peaks trekking altitude
Velvet Painted Gilded Rehearsed|Theatre Curtain Violin Dancer Chorus Costume Overture|music actors performance opera ballet concert
Distant Broken Gathering Electric|Storm Thunder Barometer Umbrella Cloud Gale Downpour|weather rain hurricane climate meteorology tempest
Last Fallen Marching Wounded|Soldier Banner Trench Siege Armistice Fortress Bugle|war military battle army combat veterans
Silver Noble Exiled Crimson|Crown Throne Castle Queen Heir Falcon Tournament|medieval monarchy knights royal chivalry kings
Midnight Golden Dim Spinning|Star Comet Telescope Orbit Moon Satellite Eclipse|space astronomy universe planets galaxies astronauts
Amber Sleepless Careful Contagious|Hospital Surgeon Fever Remedy Nurse Pulse Apothecary|medicine doctors illness disease medical healing
Crowded Concrete Neon Rented|Market Alley Rooftop Tower Avenue Tenement Tramway|urban city metropolis architecture downtown buildings
Tame Quiet Furred Nesting|Horse Fox Kennel Sparrow Stable Beekeeper Hare|animals pets wildlife dogs birds creatures
Counted Costly Bankrupt Lucky|Ledger Merchant Coin Auction Vault Pawnshop Dowry|money finance wealth economy investing trade
Haunted Whispering Cursed Grey|Ghost Graveyard Attic Crypt Omen Medium Belltower|supernatural spirits paranormal spooky spectral undead
Guilty Sworn False Missing|Witness Verdict Alibi Jury Fingerprint Warden Accomplice|police investigation justice courtroom prison sleuth
First Tender Stolen Summer|Kiss Heart Valentine Waltz Ribbon Balcony Rendezvous|lovers dating passion couples attraction flirting
Chalk Clever Unruly Absent|School Lesson Satchel Headmaster Blackboard Choir Truant|education teachers pupils classroom learning university
""")  # noqa: E501

GENRES = {
    "Adventure": "quest daring", "Art": "sculpture artists", "Biography": "memoir lives",
    "Business": "management startup", "Children": "kids bedtime", "Classics": "timeless canon",
    "Computing": "programming software", "Cooking": "cookbook recipes", "Crime": "murder gangster",
    "Drama": "tragedy plays", "Essays": "nonfiction thoughts", "Fantasy": "magic dragons",
    "Gardening": "allotment growing", "Health": "wellness fitness", "History": "historical past",
    "Horror": "scary terror", "Humour": "funny comedy", "Mystery": "whodunit riddle",
    "Nature": "environment outdoors", "Poetry": "poems verse", "Romance": "love romantic",
    "Science": "physics research", "Thriller": "suspense chase", "Travel": "abroad holiday",
}  # fmt: skip
"""Genre -> what else visitors call it."""
