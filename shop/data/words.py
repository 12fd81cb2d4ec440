"""Word lists for made-up books, people and opinions. None of them is a real title or person."""

FIRST = (
    "Ada Bela Carmen Dario Edith Farid Greta Hugo Ines Jonas Kira Leon Mira Nils Olga Pavel "
    "Quinn Rosa Samir Tilda Ugo Vera Wanda Xenia Yusuf Zora Anton Britta Cosmo Delia Emil Flora"
).split()
LAST = (
    "Abbott Brandt Castell Dorn Egger Falk Grant Holm Ibarra Jansen Keller Lund Moreau Novak "
    "Orlov Pires Quist Rossi Sandoval Tamm Urban Vogel Weller Yilmaz Zeman Archer Bello Cruz "
    "Dietz Ekman Fabre Gallo Hale Ivers Jovic Kunz Lang Mazur Nagy Osei"
).split()
ADJECTIVES = (
    "Quiet Hidden Last Distant Crooked Silver Burning Paper Northern Hollow Patient Borrowed "
    "Glass Winter Salt Broken Golden Secret Slow Wandering Iron Forgotten Bright Tidal Amber "
    "Second Unwritten Velvet Restless Common"
).split()
NOUNS = (
    "Harbour Garden Letter Orchard Bridge Mirror Station River Lantern Archive Winter Compass "
    "Island Clock Forest Kitchen Border Daughter Machine Atlas Promise Window Desert Library "
    "Signal Shore Carpenter Voyage Shadow Alphabet Mountain Theatre Map Neighbour Storm"
).split()
PLACES = (
    "the Delta|the Old Town|Lisbon|the Far Coast|Winter Street|the Valley|Marsh End|the Capital|"
    "the Islands|Station Nine|the Upper River|Salt Lake Road|the North|Quay Street"
).split("|")
GENRES = (
    "Adventure|Art|Biography|Business|Children|Classics|Computing|Cooking|Crime|Drama|Essays|"
    "Fantasy|Gardening|Health|History|Horror|Humour|Mystery|Nature|Poetry|Romance|Science|"
    "Thriller|Travel"
).split("|")
PLOTS = (
    "A family returns to {place} and finds that nothing was sold.|"
    "Two strangers share a journey to {place}, and a secret.|"
    "An engineer tries to keep {place} above water for one more year.|"
    "The only witness has left {place}; a retired clerk follows.|"
    "A practical companion for everyone who wants to begin in {place}.|"
    "Twelve short pieces about work, weather and {place}.|"
    "What the maps of {place} leave out, told by those who stayed."
).split("|")
PRAISE = (
    "I read it in one night|A slow start, then it would not let me go|The ending stayed with me|"
    "Beautifully made|Clear and useful|My book club argued about it for weeks|"
    "Not what I expected, in a good way|The best of this author so far"
).split("|")
DOUBTS = (
    "I could not finish it|Too long by half|The middle drags|The print is too small|"
    "Well meant, but thin|I wanted to like it more|The plot turns on a coincidence|"
    "It arrived with a bent cover"
).split("|")
DETAILS = (
    "The chapters on {noun} are worth the price.|The translation reads well.|"
    "I gave it to my sister.|I would read a sequel about the {noun}.|"
    "The {noun} scene alone is worth it.|I keep it beside my desk.|"
    "Others may see it differently.|The {adjective} tone suits it."
).split("|")
CITIES = {
    "Aldport": 40.0, "Brenn": 120.0, "Corvala": 260.0, "Dunmere": 75.0, "Eastholm": 410.0,
    "Fjelby": 690.0, "Grauwald": 330.0, "Hallow Bay": 520.0, "Istra": 880.0, "Kestrel": 210.0,
    "Lindau Cross": 150.0, "Marisol": 960.0,
}  # fmt: skip
"""City -> kilometres from the warehouse."""
