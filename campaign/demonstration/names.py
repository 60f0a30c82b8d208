"""Invented names: constituencies of an island, its parties, first names and surnames."""

ISLAND = "Velland"

ISLAND_ROWS = (
    ("...##...", ("Skarrick", "Lantern Head")),
    ("..####..", ("Hallowby", "Norrow Water", "Cape Ashling", "Gannet Stacks")),
    (
        ".######.",
        ("Wrenmouth", "Upper Tarrow", "Fennick Vale", "Brackenhythe", "Osmere", "Eastrand"),
    ),
    (
        ".######.",
        ("Pellan Sands", "Tarrow and Myle", "Corriby", "Thrushgill", "Saltmarrow", "Quern Bay"),
    ),
    (
        "..#.###.",
        ("Westhaven Spit", "Merrowmouth", "Port Velland North", "Port Velland Harbour"),
    ),
    (
        ".######.",
        (
            "Drumlow", "Ilder Forest", "Castle Ennick", "Mid Velland", "Ropewalk and Quay",
            "Lower Sound",
        ),
    ),
    ("..#####.", ("Ilder Moor", "Sheepwash", "Great Yarrick", "Little Yarrick", "Copperby")),
    ("...####.", ("Hobden and Stour Fell", "Marlow Tor", "Fallowick", "Breaker Point")),
    ("....##.#", ("Southernmost", "Kittiwake Cliffs", "Isle of Orrin")),
)  # fmt: skip
"""From north to south: where each row of hexagons has land, and what it is called there."""

REGIONS = ("North Velland", "Mid Velland", "South Velland")

PARTIES = (
    ("PP99001", "Harbour Party"),
    ("PP99002", "Common Shore"),
    ("PP99003", "The Lantern Alliance"),
    ("PP99004", "Crofts and Towns"),
    ("PP99005", "Island Renewal"),
    ("PP99006", "New Furrow"),
)
"""Parties with a strength that falls from the first to the last; the order is not shown."""

INDEPENDENT = ("ynmp-party:2", "Independent")

FIRST_NAMES = (
    "Abena", "Adil", "Agnes", "Aled", "Amara", "Anders", "Anjali", "Astrid", "Bashir", "Beatrix",
    "Benedict", "Bronagh", "Callum", "Carys", "Cedric", "Chidi", "Clementine", "Conrad", "Dalia",
    "Declan", "Delphine", "Dilys", "Edmund", "Eilidh", "Elif", "Emeka", "Esme", "Farida", "Fergus",
    "Fiona", "Gareth", "Gita", "Gwendolen", "Hamish", "Harriet", "Hiroko", "Idris", "Imogen",
    "Isaac", "Ismael", "Jarek", "Jocelyn", "Kavita", "Keir", "Kirsten", "Lachlan", "Leila",
    "Linnet", "Magnus", "Maeve", "Marisol", "Nadia", "Niamh", "Oluwaseun", "Orla", "Oswin",
    "Parveen", "Petra", "Quentin", "Rafael", "Rhona", "Rosalind", "Sanjay", "Saoirse", "Selwyn",
    "Tamsin", "Thandiwe", "Tobias", "Una", "Viktor", "Winifred", "Yusuf", "Zainab", "Zoltan",
)  # fmt: skip

SURNAMES = (
    "Abernant", "Achterberg", "Adeyinka", "Ashgrove", "Balcombe", "Bannerjee", "Birkwood",
    "Blackthorn", "Brightwell", "Calloway", "Carrowby", "Chaudhry-Moss", "Coldstream", "Craddock",
    "Dunmore", "Eastlake", "Edgeworth", "Fairweather", "Farrowdale", "Fennimore", "Galbraithe",
    "Gannaway", "Garrowmuir", "Greenhalgh-Oyelaran", "Hallorane", "Hartnoll", "Hawkridge",
    "Hollowell", "Inglenook", "Jessamy", "Kestleton", "Kilbrannan", "Kittering", "Langstrand",
    "Larkmead", "Lindqvist", "Lockeridge", "Maddern", "Marchbanks", "Merriweather", "Mossgrave",
    "Nakamura-Reed", "Netherby", "Okonjo", "Oldershaw", "Orrinson", "Palfreyman", "Pemberwick",
    "Penhallow", "Quillfeather", "Rahmani", "Ravenscar", "Rookwood", "Saltonstall", "Sandiford",
    "Silverthorne", "Skarrow", "Stellwagen", "Strandling", "Swithin", "Tanqueray", "Thistlewood",
    "Thornbury", "Trevanion", "Underhay", "Vellacott", "Waverling", "Westerdale", "Whitlocke",
    "Winterbourne", "Wolstencroft", "Wraysbury", "Yarborough", "Zielinska",
)  # fmt: skip
