"""Words for things of a home: synonyms, near synonyms, rooms, and attributes by kind."""

from __future__ import annotations

from collections.abc import Mapping

ROOM_WORDS: Mapping[str, str] = {
    "kitchen": "kitchen", "kitchenette": "kitchen", "pantry": "kitchen", "living room": "living room",
    "lounge": "living room", "sitting room": "living room", "livingroom": "living room", "family room": "living room",
    "bedroom": "bedroom", "guest room": "bedroom", "bathroom": "bathroom", "toilet room": "bathroom",
    "washroom": "bathroom", "restroom": "bathroom", "dining room": "dining room", "dining area": "dining room",
    "office": "office", "study": "office", "home office": "office", "workroom": "office", "hallway": "hallway",
    "hall": "hallway", "corridor": "hallway", "entrance": "hallway", "foyer": "hallway", "laundry room": "laundry room",
    "laundry": "laundry room", "utility room": "laundry room",
}  # fmt: skip

SYNONYMS: Mapping[str, str] = {
    "champagne glass": "wine glass", "mallet": "hammer", "dinner plate": "plate", "night table": "nightstand",
    "couch": "sofa", "settee": "sofa", "television": "tv", "tv set": "tv", "telly": "tv", "refrigerator": "fridge",
    "freezer": "fridge", "cooker": "stove", "oven": "stove", "hob": "stove", "countertop": "counter", "worktop": "counter",
    "bookcase": "bookshelf", "cellphone": "phone", "cell phone": "phone", "mobile phone": "phone", "smartphone": "phone",
    "telephone": "phone", "houseplant": "house plant", "flowerpot": "potted plant", "garbage can": "trash can",
    "bin": "trash can", "rubbish bin": "trash can", "wastebasket": "trash can", "dustbin": "trash can",
    "bedside table": "nightstand", "night stand": "nightstand", "cupboard": "cabinet",
    "picture": "painting", "artwork": "painting", "poster": "painting", "carpet": "rug", "trainer": "shoe",
    "sneaker": "shoe", "notebook computer": "laptop", "remote": "remote control", "tv remote": "remote control",
    "cushion": "pillow", "washer": "washing machine", "chest of drawers": "dresser", "commode": "dresser",
    "closet": "wardrobe", "tub": "bathtub", "bath": "bathtub", "frying pan": "pan", "skillet": "pan", "saucepan": "pot",
    "pail": "bucket", "timepiece": "clock", "computer screen": "monitor", "computer monitor": "monitor", "loo": "toilet",
    "basin": "sink", "washbasin": "sink", "writing desk": "desk", "soda can": "can", "toilet roll": "toilet paper",
    "easy chair": "armchair", "recliner": "armchair", "teakettle": "kettle", "tea kettle": "kettle",
    "water bottle": "bottle", "flower vase": "vase", "drapes": "curtain", "doughnut": "donut", "goblet": "wine glass",
    "novel": "book", "paperback": "book", "mat": "rug", "candlestick": "candle", "model car": "toy car",
    "soccer ball": "football", "rugby ball": "football", "notepad": "notebook", "diary": "notebook",
    "journal": "notebook", "tablespoon": "spoon",
    "teaspoon": "spoon", "salt": "salt shaker", "salt mill": "salt shaker", "pepper mill": "pepper shaker",
    "tissues": "tissue box", "flask": "bottle", "photo": "picture frame", "photo frame": "picture frame",
    "photograph": "picture frame", "milk": "milk carton", "range": "stove", "cooktop": "stove", "pen holder": "pencil cup",
    "ceiling light": "ceiling lamp", "wine": "wine bottle", "baguette": "bread", "loaf": "bread", "loaf of bread": "bread",
    "stuffed bear": "teddy bear", "teddy": "teddy bear", "plush bear": "teddy bear", "cereal": "cereal box",
    "wristwatch": "watch", "throw": "blanket", "tumbler": "glass", "drinking glass": "glass", "throw pillow": "pillow",
    "spectacles": "glasses", "eyeglasses": "glasses", "chest": "dresser", "kitchen knife": "knife", "coffee mug": "mug",
    "coffee cup": "cup", "tea cup": "cup", "teacup": "cup", "standing lamp": "floor lamp", "bedside lamp": "table lamp",
    "desk lamp": "table lamp", "indoor plant": "house plant", "pot plant": "potted plant", "armoire": "wardrobe",
    "waste bin": "trash can", "trash bin": "trash can", "trashcan": "trash can", "pc": "computer", "notebook pc": "laptop",
    "display": "monitor", "computer mouse": "mouse", "computer keyboard": "keyboard", "soap dispenser": "soap bottle",
    "fish tank": "aquarium", "crisps": "bag of chips", "chips": "bag of chips", "hand towel": "towel",
    "bath towel": "towel", "purse": "handbag", "rucksack": "backpack", "trainers": "shoe", "drapery": "curtain",
    "blinds": "curtain", "looking glass": "mirror", "cd player": "radio", "chopping board": "cutting board",
    "mixer": "blender", "coffee maker": "coffee machine", "frypan": "pan", "cooking pot": "pot", "casserole": "pot",
    "serving plate": "plate", "dish": "plate", "toy blocks": "building blocks", "blocks": "building blocks",
    "lego": "building blocks", "bricks": "building blocks", "picnic basket": "basket", "bottle of wine": "wine bottle",
    "box of cereal": "cereal box", "box of tissues": "tissue box", "bar of soap": "soap bar", "carton of milk": "milk carton",
    "roll of toilet paper": "toilet paper", "roll of paper towel": "paper towel", "light": "lamp", "plaid": "blanket",
    "blow dryer": "hair dryer", "hairdryer": "hair dryer", "microwave oven": "microwave", "tea pot": "teapot",
    "tool box": "toolbox", "watering pot": "watering can", "file cabinet": "filing cabinet", "flower pot": "potted plant",
    "shoe shelf": "shoe rack", "kitchen roll": "paper towel", "paper towel roll": "paper towel", "spanner": "wrench",
    "toilet paper roll": "toilet paper", "coin purse": "wallet", "school bag": "backpack", "snack bag": "bag of chips",
    "end table": "side table", "exercise book": "notebook", "hamper": "laundry basket", "torch": "flashlight",
    "laundry hamper": "laundry basket", "hand soap": "soap bottle", "liquid soap": "soap bottle",
}  # fmt: skip

NEAR: frozenset[frozenset[str]] = frozenset(  # words for two things that people, and detectors, take for each other
    frozenset(pair)
    for pair in (
        ("armchair", "chair"), ("armchair", "sofa"), ("backpack", "bag"), ("bag", "handbag"),
        ("ball", "football"), ("basket", "laundry basket"),
        ("blanket", "towel"), ("book", "notebook"), ("bookshelf", "shelf"), ("bottle", "soap bottle"),
        ("box", "cereal box"), ("cabinet", "counter"), ("cabinet", "dresser"), ("chair", "stool"),
        ("coffee table", "side table"), ("cup", "glass"), ("cup", "mug"), ("desk", "table"), ("dining table", "table"),
        ("kettle", "teapot"), ("monitor", "tv"), ("nightstand", "side table"), ("pan", "pot"), ("phone", "tablet"),
        ("plant", "vase"), ("soap", "soap bar"), ("soap", "soap bottle"),
    )
)  # fmt: skip

COLOURS: Mapping[str, str] = {
    "red": "red", "orange": "orange", "yellow": "yellow", "green": "green", "blue": "blue", "purple": "purple",
    "pink": "pink", "brown": "brown", "beige": "beige", "white": "white", "grey": "grey", "black": "black", "gray": "grey",
    "violet": "purple", "crimson": "red", "scarlet": "red", "navy": "blue", "turquoise": "blue", "cyan": "blue",
    "tan": "beige", "cream": "beige", "golden": "yellow", "silver": "grey", "lilac": "purple", "maroon": "red",
    "off-white": "white",
}  # fmt: skip
SHADES = {"dark", "light", "bright", "pale"}  # of a colour that follows; none is told from another
LOOK_ALIKE: frozenset[frozenset[str]] = frozenset(  # colours that light and shade turn into each other
    frozenset(pair)
    for pair in (
        ("beige", "brown"), ("beige", "white"), ("beige", "yellow"), ("black", "brown"), ("black", "grey"),
        ("blue", "purple"), ("brown", "orange"), ("grey", "white"), ("orange", "red"), ("orange", "yellow"),
        ("pink", "purple"), ("pink", "red"),
    )
)  # fmt: skip
MATERIALS: Mapping[str, str] = {
    "jute": "jute", "carpet": "carpet", "fur": "fur", "tile": "ceramic", "felt": "fabric", "denim": "fabric",
    "rattan": "wicker", "cork": "wood", "gold": "metal",
    "acrylic": "plastic",
    "pottery": "ceramic", "earthenware": "ceramic", "tin": "metal",
    "wood": "wood", "wooden": "wood", "metal": "metal", "metallic": "metal", "steel": "metal", "iron": "metal",
    "glass": "glass", "plastic": "plastic", "ceramic": "ceramic", "porcelain": "ceramic", "china": "ceramic",
    "clay": "ceramic", "leather": "leather", "fabric": "fabric", "cloth": "fabric", "cotton": "fabric", "woollen": "wool",
    "wool": "wool", "woolen": "wool", "concrete": "stone", "bamboo": "wood", "brass": "metal", "chrome": "metal",
    "copper": "metal", "velvet": "fabric", "linen": "fabric", "silk": "fabric", "foam": "foam", "wax": "wax",
    "organic": "organic", "stone": "stone", "marble": "stone", "granite": "stone", "paper": "paper",
    "cardboard": "cardboard", "rubber": "rubber", "wicker": "wicker", "straw": "wicker",
}  # fmt: skip
SHAPES: Mapping[str, str] = {
    "round": "round", "circular": "round", "square": "square", "rectangular": "rectangular", "oval": "oval",
    "cylindrical": "cylindrical", "tapered": "tapered", "conical": "conical", "curved": "curved", "flat": "flat",
    "spherical": "round", "l-shaped": "l-shaped",
}  # fmt: skip
SIZES: Mapping[str, str] = {
    "small": "small", "little": "small", "tiny": "small", "large": "large", "big": "large", "huge": "large", "tall": "tall",
    "long": "long", "short": "short", "low": "low", "wide": "wide", "narrow": "narrow", "thin": "narrow", "slim": "narrow",
    "larger": "large", "largest": "large", "bigger": "large", "biggest": "large", "smaller": "small", "smallest": "small",
    "taller": "tall", "tallest": "tall", "longer": "long", "longest": "long", "shorter": "short", "shortest": "short",
    "lower": "low", "lowest": "low", "wider": "wide", "widest": "wide", "narrower": "narrow", "narrowest": "narrow",
}  # fmt: skip
ATTRIBUTE_KINDS: Mapping[str, Mapping[str, str]] = {"colour": COLOURS, "material": MATERIALS, "shape": SHAPES, "size": SIZES}
ANY_OBJECT = "object"  # the name of what is told by its attributes, place and relations alone: "the red one on the table"
OTHER = "look"  # the kind of an attribute that is none of these: "striped", "folded"


def canonical(name: str) -> str:
    """The word used here for a thing: "couch" -> "sofa"; unknown words come back as they are, in lower case."""
    word = " ".join(name.lower().replace("_", " ").split())
    return SYNONYMS.get(word, word)


def attribute(word: str) -> tuple[str, str] | None:
    """(kind, canonical word) of an attribute word, kind of "colour", "material", "shape" or "size"; None where unknown."""
    for kind, words in ATTRIBUTE_KINDS.items():
        if word in words:
            return kind, words[word]
    return None
