"""What everybody knows about homes, written down: which things stand in which rooms, and on, in or beside what.

This is the embedded stand-in for what the paper asks a language model. It was written from general knowledge of homes and
knows nothing of any simulator or episode. Words that are not in it are compared with those that are (see `EmbeddedReasoner`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SizeClass = Literal["furniture", "small"]

ROOM_WORDS: Mapping[str, str] = {
    "kitchen": "kitchen", "kitchenette": "kitchen", "pantry": "kitchen",
    "living room": "living room", "lounge": "living room", "sitting room": "living room", "livingroom": "living room",
    "family room": "living room", "bedroom": "bedroom", "guest room": "bedroom", "bathroom": "bathroom",
    "toilet room": "bathroom",
    "washroom": "bathroom", "restroom": "bathroom", "dining room": "dining room", "dining area": "dining room",
    "office": "office", "study": "office", "home office": "office", "workroom": "office", "hallway": "hallway",
    "hall": "hallway",
    "corridor": "hallway", "entrance": "hallway", "foyer": "hallway", "laundry room": "laundry room", "laundry": "laundry room",
    "utility room": "laundry room",
}  # fmt: skip

SYNONYMS: Mapping[str, str] = {
    "couch": "sofa", "settee": "sofa", "television": "tv", "tv set": "tv", "telly": "tv", "refrigerator": "fridge",
    "freezer": "fridge", "cooker": "stove", "oven": "stove", "hob": "stove", "countertop": "counter",
    "worktop": "counter", "bookcase": "bookshelf", "cellphone": "phone", "cell phone": "phone", "mobile phone": "phone",
    "smartphone": "phone", "telephone": "phone", "houseplant": "house plant", "flowerpot": "potted plant",
    "garbage can": "trash can", "bin": "trash can", "rubbish bin": "trash can", "wastebasket": "trash can",
    "dustbin": "trash can",
    "bedside table": "nightstand", "night stand": "nightstand", "night table": "nightstand", "cupboard": "cabinet",
    "picture": "painting", "artwork": "painting", "poster": "painting", "carpet": "rug", "trainer": "shoe", "sneaker": "shoe",
    "notebook computer": "laptop", "remote": "remote control", "tv remote": "remote control", "cushion": "pillow",
    "washer": "washing machine", "chest of drawers": "dresser", "commode": "dresser", "closet": "wardrobe", "tub": "bathtub",
    "bath": "bathtub", "frying pan": "pan", "skillet": "pan", "saucepan": "pot", "pail": "bucket", "timepiece": "clock",
    "computer screen": "monitor", "computer monitor": "monitor", "loo": "toilet", "basin": "sink", "washbasin": "sink",
    "writing desk": "desk", "soda can": "can", "toilet roll": "toilet paper", "easy chair": "armchair", "recliner": "armchair",
    "teakettle": "kettle", "tea kettle": "kettle", "water bottle": "bottle", "flower vase": "vase", "drapes": "curtain",
}  # fmt: skip

NEAR: frozenset[frozenset[str]] = frozenset(
    frozenset(pair)
    for pair in (
        ("mug", "cup"), ("glass", "cup"), ("dining table", "table"), ("coffee table", "side table"), ("bookshelf", "shelf"),
        ("soap", "soap bar"), ("soap", "soap bottle"), ("pot", "pan"), ("armchair", "chair"), ("armchair", "sofa"),
        ("notebook", "book"), ("cabinet", "dresser"), ("cabinet", "counter"), ("kettle", "teapot"), ("box", "cereal box"),
        ("table", "desk"), ("nightstand", "side table"), ("plant", "vase"), ("basket", "laundry basket"),
        ("bottle", "soap bottle"),
        ("tv", "monitor"), ("stool", "chair"), ("tablet", "phone"), ("towel", "blanket"), ("bag", "handbag"),
        ("bag", "backpack"),
    )
)  # fmt: skip

COLOURS: Mapping[str, str] = {word: word for word in (
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "beige", "white", "grey", "black")} | {
    "gray": "grey", "violet": "purple", "crimson": "red", "scarlet": "red", "navy": "blue", "turquoise": "blue", "cyan": "blue",
    "tan": "beige", "cream": "beige", "golden": "yellow", "silver": "grey", "lilac": "purple", "maroon": "red",
}  # fmt: skip
LOOK_ALIKE: frozenset[frozenset[str]] = frozenset(  # colours that light and shade turn into each other
    frozenset(pair)
    for pair in (
        ("white", "grey"), ("grey", "black"), ("brown", "beige"), ("brown", "orange"), ("red", "orange"), ("red", "pink"),
        ("purple", "pink"), ("beige", "white"), ("beige", "yellow"), ("orange", "yellow"), ("brown", "black"),
        ("purple", "blue"),
    )
)  # fmt: skip
MATERIALS: Mapping[str, str] = {
    "wood": "wood", "wooden": "wood", "metal": "metal", "metallic": "metal", "steel": "metal", "iron": "metal",
    "glass": "glass",
    "plastic": "plastic", "ceramic": "ceramic", "porcelain": "ceramic", "china": "ceramic", "clay": "ceramic",
    "leather": "leather",
    "fabric": "fabric", "cloth": "fabric", "cotton": "fabric", "woollen": "fabric", "stone": "stone", "marble": "stone",
    "granite": "stone", "paper": "paper", "cardboard": "cardboard", "rubber": "rubber", "wicker": "wicker", "straw": "wicker",
}  # fmt: skip
SHAPES: Mapping[str, str] = {
    "round": "round", "circular": "round", "square": "square", "rectangular": "rectangular", "oval": "oval",
    "cylindrical": "cylindrical",
    "tapered": "tapered", "conical": "conical", "curved": "curved", "flat": "flat", "spherical": "round",
    "l-shaped": "l-shaped",
}  # fmt: skip
SIZES: Mapping[str, str] = {
    "small": "small", "little": "small", "tiny": "small", "large": "large", "big": "large", "huge": "large",
    "tall": "tall", "long": "long",
    "short": "short", "low": "low", "wide": "wide", "narrow": "narrow", "thin": "narrow", "slim": "narrow",
}  # fmt: skip
ATTRIBUTE_KINDS: Mapping[str, Mapping[str, str]] = {"colour": COLOURS, "material": MATERIALS, "shape": SHAPES, "size": SIZES}


@dataclass(frozen=True, slots=True)
class Lore:
    """What is known of a kind of thing. rooms, beside: most likely first; beside: what it stands on, in or next to."""

    size: SizeClass
    rooms: tuple[str, ...]
    beside: tuple[str, ...]


_FURNITURE = """
sofa | living room | coffee table, tv, rug, armchair, lamp, pillow
armchair | living room, bedroom, office | sofa, coffee table, lamp, rug
coffee table | living room | sofa, rug, armchair, tv
side table | living room, bedroom | sofa, lamp, armchair, bed
tv | living room, bedroom | tv stand, sofa, remote control
tv stand | living room | tv, sofa
bookshelf | living room, office | book, desk, sofa
bed | bedroom | nightstand, pillow, wardrobe, dresser
nightstand | bedroom | bed, lamp, alarm clock
wardrobe | bedroom, hallway | bed, dresser
dresser | bedroom | bed, mirror, wardrobe
desk | office, bedroom | chair, laptop, monitor, lamp, office chair
chair | dining room, kitchen, office | dining table, table, desk
office chair | office | desk, monitor
stool | kitchen, dining room | counter, table
bench | hallway, dining room | shoe rack, dining table
table | dining room, kitchen, living room | chair
dining table | dining room, kitchen | chair, plate, bowl
counter | kitchen | sink, stove, fridge, microwave, toaster, cabinet
fridge | kitchen | counter, stove, cabinet
stove | kitchen | counter, pot, pan, fridge
dishwasher | kitchen | counter, sink
microwave | kitchen | counter, fridge
cabinet | kitchen, bathroom, living room | counter
drawer | bedroom, kitchen, office | desk, counter
shelf | living room, office, kitchen | book, plant
sink | kitchen, bathroom | counter, mirror, toilet, soap
toilet | bathroom | sink, toilet paper, bathtub
bathtub | bathroom | toilet, sink, towel
shower | bathroom | toilet, towel
mirror | bathroom, bedroom, hallway | sink, dresser
washing machine | laundry room, bathroom | dryer, laundry basket
dryer | laundry room | washing machine, laundry basket
ironing board | laundry room | iron
laundry basket | laundry room, bathroom, bedroom | washing machine
shoe rack | hallway | shoe, coat rack
coat rack | hallway | shoe rack, bench
lamp | living room, bedroom, office | nightstand, side table, desk
floor lamp | living room, bedroom | sofa, armchair
desk lamp | office, bedroom | desk
plant | living room, office, hallway | shelf, side table
house plant | living room, office, hallway | sofa, window, armchair
table lamp | bedroom, living room, office | nightstand, side table, desk
ceiling lamp | living room, kitchen, bedroom | table
kitchen sink | kitchen | kitchen counter, stove, dishwasher
bathroom sink | bathroom | mirror, toilet, soap bottle
kitchen counter | kitchen | stove, fridge, kettle, toaster, microwave
kitchen cabinet | kitchen | kitchen counter, stove
wall cabinet | kitchen, bathroom | counter, kitchen counter, sink
bathroom cabinet | bathroom | sink, mirror
towel rail | bathroom | towel, sink
radiator | living room, bedroom, office | window
computer | office, bedroom | desk, monitor, keyboard
filing cabinet | office | desk
bunk bed | bedroom | nightstand, wardrobe
crib | bedroom | dresser
ottoman | living room | sofa, armchair
sideboard | dining room, living room | dining table, vase
bar stool | kitchen | counter
high chair | dining room, kitchen | dining table
vacuum cleaner | laundry room, hallway | broom
rug | living room, bedroom | sofa, coffee table, bed
curtain | living room, bedroom | window
window | living room, bedroom, kitchen | curtain
door | hallway | wall
painting | living room, hallway, bedroom | sofa, wall
trash can | kitchen, bathroom, office | counter, desk
fireplace | living room | sofa
piano | living room | bench
fan | bedroom, living room | desk
heater | living room, bedroom | window
"""

_SMALL = """
mug | kitchen, dining room, office | counter, dining table, desk, coffee table, shelf, coffee machine
cup | kitchen, dining room | counter, dining table, table, coffee table
glass | kitchen, dining room | counter, dining table, table
wine glass | dining room, kitchen | dining table, counter, bottle
plate | kitchen, dining room | dining table, counter, table, sink
bowl | kitchen, dining room | dining table, counter, table
fork | kitchen, dining room | dining table, counter, plate, drawer
knife | kitchen, dining room | counter, dining table, drawer, cutting board
spoon | kitchen, dining room | dining table, counter, drawer, bowl
spatula | kitchen | counter, stove, drawer
ladle | kitchen | counter, stove, drawer
pot | kitchen | stove, counter
pan | kitchen | stove, counter
kettle | kitchen | stove, counter
toaster | kitchen | counter
blender | kitchen | counter
coffee machine | kitchen | counter, mug
cutting board | kitchen | counter, knife
bottle | kitchen, dining room | counter, dining table, fridge
wine bottle | kitchen, dining room | counter, dining table
can | kitchen | counter, fridge
jar | kitchen | counter, shelf, cabinet
salt shaker | kitchen, dining room | dining table, counter
pepper shaker | kitchen, dining room | dining table, counter
apple | kitchen, dining room | bowl, counter, dining table, fridge
banana | kitchen, dining room | bowl, counter, dining table
orange | kitchen, dining room | bowl, counter, dining table
pear | kitchen, dining room | bowl, counter
lemon | kitchen | bowl, counter
tomato | kitchen | counter, fridge, cutting board
potato | kitchen | counter, sink
carrot | kitchen | counter, fridge
lettuce | kitchen | counter, fridge
bread | kitchen | counter, toaster
egg | kitchen | counter, fridge
cheese | kitchen | fridge, counter
cake | kitchen, dining room | dining table, counter
milk carton | kitchen | fridge, counter
cereal box | kitchen | counter, dining table, shelf
teapot | kitchen, dining room | dining table, counter, stove
dish sponge | kitchen | sink, counter
sponge | kitchen, bathroom | sink, counter
dish soap | kitchen | sink, counter
book | living room, office, bedroom | bookshelf, desk, coffee table, nightstand
magazine | living room | coffee table, sofa
newspaper | living room, dining room | coffee table, sofa
notebook | office, bedroom | desk
pen | office | desk, notebook
pencil | office | desk, notebook
scissors | office, kitchen | desk, drawer
stapler | office | desk
laptop | office, living room, bedroom | desk, coffee table, bed
monitor | office | desk, keyboard
keyboard | office | desk, monitor
mouse | office | desk, keyboard
tablet | living room, bedroom | sofa, coffee table, nightstand
phone | bedroom, office, living room | nightstand, desk, coffee table
headphones | office, bedroom | desk
speaker | living room, office | tv stand, shelf, desk
printer | office | desk
remote control | living room | coffee table, sofa, tv stand
game controller | living room | coffee table, tv stand
alarm clock | bedroom | nightstand
clock | living room, kitchen, office | wall, shelf
watch | bedroom | nightstand, dresser
glasses | bedroom, office | nightstand, desk
candle | living room, bathroom, dining room | coffee table, dining table, shelf
vase | living room, dining room | dining table, coffee table, shelf
photo frame | living room, bedroom | shelf, dresser, desk
statue | living room, office | shelf
globe | office | desk, shelf
pillow | bedroom, living room | bed, sofa, armchair
blanket | bedroom, living room | bed, sofa
teddy bear | bedroom | bed, shelf
doll | bedroom | bed, shelf
toy car | bedroom, living room | rug, shelf
ball | bedroom, living room | rug
basketball | bedroom | rug
box | bedroom, hallway, office | shelf, wardrobe
basket | living room, laundry room, bathroom | shelf, rug
bag | hallway, bedroom | bench, chair
backpack | hallway, bedroom | bench, chair, bed
handbag | hallway, bedroom | bench, dresser
suitcase | bedroom | wardrobe
umbrella | hallway | coat rack, shoe rack
hat | hallway, bedroom | coat rack, dresser
shoe | hallway, bedroom | shoe rack, wardrobe
key | hallway | side table, bench, dresser
wallet | hallway, bedroom | dresser, side table
towel | bathroom, laundry room | sink, bathtub, shelf
toilet paper | bathroom | toilet
soap | bathroom, kitchen | sink
soap bar | bathroom | sink, bathtub
soap bottle | bathroom, kitchen | sink, counter
shampoo | bathroom | bathtub, shower, shelf
toothbrush | bathroom | sink
toothpaste | bathroom | sink
hairbrush | bathroom, bedroom | sink, dresser
hair dryer | bathroom | sink, shelf
spray bottle | bathroom, laundry room | shelf, sink
detergent | laundry room | washing machine, shelf
iron | laundry room | ironing board
bucket | laundry room, bathroom | washing machine
broom | laundry room, kitchen | wall
plunger | bathroom | toilet
tissue box | bathroom, living room, bedroom | nightstand, coffee table, sink
paper towel | kitchen | counter
tray | kitchen, living room | coffee table, counter
rolling pin | kitchen | counter
colander | kitchen | counter, sink
potted plant | living room, office, kitchen | shelf, side table, desk, window
shampoo bottle | bathroom | bathtub, shower, shelf
donut | kitchen, dining room | plate, kitchen counter, dining table, coffee table
pizza | kitchen, dining room | dining table, kitchen counter, coffee table
sandwich | kitchen, dining room | plate, dining table
cookie | kitchen, living room | plate, coffee table
onion | kitchen | counter, cutting board
pepper | kitchen | counter, fridge
cucumber | kitchen | counter, fridge
corn | kitchen | counter
watermelon | kitchen | counter, dining table
pineapple | kitchen | counter, dining table
grapes | kitchen, dining room | bowl, dining table
rubber duck | bathroom | bathtub, shelf
screwdriver | office, laundry room, hallway | desk, shelf
hammer | laundry room, hallway | shelf
wrench | laundry room | shelf
toolbox | laundry room | shelf
flashlight | hallway, bedroom | shelf, nightstand
picture frame | living room, bedroom, office | shelf, dresser, desk, nightstand
dice | living room, bedroom | coffee table
chess board | living room | coffee table
puzzle | living room | coffee table
toy block | bedroom, living room | rug, shelf
toy train | bedroom, living room | rug, shelf
robot toy | bedroom | shelf
slipper | bedroom, hallway | bed, shoe rack
boot | hallway | shoe rack
scarf | hallway, bedroom | coat rack
tie | bedroom | wardrobe
calculator | office | desk
calendar | office, kitchen | desk, wall
envelope | office, hallway | desk
folder | office | desk, shelf
tape | office | desk
ruler | office | desk, pencil
eraser | office | desk, pencil
marker | office | desk
credit card | office, hallway | desk, wallet
coin | hallway, office | dresser
medicine bottle | bathroom | sink, cabinet
perfume | bathroom, bedroom | dresser, sink
lotion bottle | bathroom | sink
razor | bathroom | sink
comb | bathroom | sink
cotton swabs | bathroom | sink
toilet brush | bathroom | toilet
mop | laundry room | bucket
clothes hanger | bedroom, laundry room | wardrobe
jar of jam | kitchen | counter, shelf
ketchup bottle | kitchen | fridge, dining table
juice box | kitchen | fridge
pitcher | kitchen, dining room | dining table, counter
whisk | kitchen | counter, drawer
grater | kitchen | counter
peeler | kitchen | drawer
oven mitt | kitchen | stove
apron | kitchen | counter
napkin | dining room, kitchen | dining table
chopsticks | kitchen, dining room | dining table
toy | bedroom, living room | rug, shelf
guitar | living room, bedroom | sofa, bed
dumbbell | bedroom | rug
camera | office, living room | shelf, desk
"""


def _read(table: str, size: SizeClass) -> dict[str, Lore]:
    rows = (line.split("|") for line in table.strip().splitlines())
    return {
        name.strip(): Lore(size, *(tuple(word.strip() for word in column.split(",")) for column in columns))
        for name, *columns in rows
    }


LORE: Mapping[str, Lore] = _read(_FURNITURE, "furniture") | _read(_SMALL, "small")


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
