"""Word lists for made-up people, places and plots. None of them is a real title or person."""

FIRST = (
    "Ada Bela Carmen Dario Edith Farid Greta Hugo Ines Jonas Kira Leon Mira Nils Olga Pavel "
    "Quinn Rosa Samir Tilda Ugo Vera Wanda Xenia Yusuf Zora Anton Britta Cosmo Delia Emil Flora "
    "Gita Henrik Ilse Jamal Katya Lorenzo Maeve Noor Otto Petra Rafael Signe Tariq Ursula Viktor "
    "Willa Yara Zeno Amara Bruno Clara Dmitri Esme Felix Hanna Ivo Joana Kofi Lucia Marek Nadia"
).split()
LAST = (
    "Abbott Brandt Castell Dorn Egger Falk Grant Holm Ibarra Jansen Keller Lund Moreau Novak "
    "Orlov Pires Quist Rossi Sandoval Tamm Urban Vogel Weller Yilmaz Zeman Archer Bello Cruz "
    "Dietz Ekman Fabre Gallo Hale Ivers Jovic Kunz Lang Mazur Nagy Osei Pardo Rask Sorel Tanaka "
    "Ueda Varga Winther Xu Yates Zanetti Alvarado Bergman Costa Dahl Engel Farkas Greco Haas "
    "Ionescu Jelinek Kowal Laine Marchetti Nkosi Okafor Petrov Reyes Sato Toivonen Umar Vidal "
    "Wirth Adeyemi Baptiste Cerny Duarte Eriksen Fonseca Gruber Herrera"
).split()
INITIALS = "ABCDEFGHJKLMNOPRSTVW"
PLACES = (
    "the Delta|the Old Town|Lisbon|the Far Coast|Winter Street|the Valley|Marsh End|the Capital|"
    "the Islands|Station Nine|the Upper River|Salt Lake Road|the North|Quay Street|Porto|"
    "the Lowlands|Three Bridges|Mill Lane|the Eastern Gate|Trieste|the Heights|Ashgrove|"
    "the Peninsula|Tallinn"
).split("|")

TITLES = (
    "The {adjective} {noun}|{noun} and {other}|The {noun} of {place}|"
    "{adjective} {noun}, {second} {other}|Beyond the {noun}|{person}'s {noun}|"
    "The {noun} at {place}|A Year without the {noun}"
).split("|")
MANUALS = "The {noun}: A Companion|{noun} for Beginners|Notes on the {noun}".split("|")
"""Titles of books that explain something, beside those of ``TITLES``."""
EXPLAINING = {
    "Art", "Business", "Computing", "Cooking", "Essays", "Gardening", "Health", "History",
    "Nature", "Science", "Travel",
}  # fmt: skip

PLOTS = (
    "The Moreaus come back to {place} and find that nothing was sold.|"
    "Two strangers set out for {place}, and only one of them packed.|"
    "A retired clerk tries to keep {place} above the flood line for one more year.|"
    "The only person who knew has left {place}; a patient stranger follows.|"
    "A practical companion for everyone who wants to begin in {place}.|"
    "Twelve short pieces about work, habit and {place}.|"
    "What is left out when {place} is described, told by those who stayed.|"
    "For thirty years nobody asked what happened in {place}.|"
    "A translator arrives in {place} with the wrong suitcase.|"
    "Everyone in {place} remembers the evening differently.|"
    "She promised never to return to {place}, and keeps it for nine pages.|"
    "Step by step, from the first attempt to the day it works, even in {place}.|"
    "An inventory of {place}, begun as a joke and finished in earnest.|"
    "The bus to {place} is late, and by morning nothing is as it was.|"
    "Three generations, one house and the slow emptying of {place}.|"
    "A stubborn volunteer puts {place} in order, drawer by drawer."
).split("|")
SUBJECTS = (
    "At its heart: the {noun}, the {other}, and what became of them.|"
    "It begins with the {noun} and ends, against all advice, with the {other}.|"
    "Nobody who has read it sees the {noun} or the {other} as before.|"
    "With a long chapter on the {noun} and an appendix about the {other}.|"
    "The {noun} is not what it seems, and neither is the {other}.|"
    "Between the {noun} and the {other} lies everything that was never said.|"
    "On the {noun}: how it came about. On the {other}: why it was kept.|"
    "A {adjective} account of the {noun} that leads, page by page, to the {other}."
).split("|")

CITIES = {
    "Aldport": 40.0, "Brenn": 120.0, "Corvala": 260.0, "Dunmere": 75.0, "Eastholm": 410.0,
    "Fjelby": 690.0, "Grauwald": 330.0, "Hallow Bay": 520.0, "Istra": 880.0, "Kestrel": 210.0,
    "Lindau Cross": 150.0, "Marisol": 960.0,
}  # fmt: skip
"""City -> kilometres from the warehouse."""
