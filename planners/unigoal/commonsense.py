"""What everybody knows about homes, written down: which things stand in which rooms, and on, in or beside what.

This is the embedded stand-in for what the paper asks a language model. It was written from general knowledge of homes and
knows nothing of any simulator or episode. Words that are not in it are compared with those that are (see `EmbeddedReasoner`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .vocabulary import canonical as canonical

SizeClass = Literal["furniture", "small"]


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
football | bedroom, hallway, living room | rug, shoe rack
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
computer monitor | office | desk, keyboard, computer, mouse
watering can | living room, kitchen | house plant, potted plant, window
pencil cup | office | desk, pen, pencil
building blocks | bedroom, living room | rug, shelf
kitchen island | kitchen | kitchen counter, stool, stove
brush | bathroom, bedroom | sink, dresser
violin | living room, office | shelf, sofa
aquarium | living room, office | shelf, sofa
bag of chips | kitchen, living room | kitchen counter, coffee table
radio | kitchen, living room | shelf, counter
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
