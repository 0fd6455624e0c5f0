/** A text to try the search on. */
export const SAMPLE = `Honey bees tell each other where flowers are by dancing. The angle of the dance against the vertical is the direction against the sun, and its length says how far to fly.

Bread rises because yeast eats sugar and breathes out carbon dioxide. Kneading lines up the gluten, which holds the gas in small bubbles.

The Moon always shows us the same side. It turns once around itself in the time that it takes to go once around the Earth.

Concrete gets harder for years. It doesn't dry; water and cement react and grow crystals that lock into each other.

To change a flat bicycle tyre, let out the rest of the air, push the bead into the middle of the rim, and lift one side over with two levers. Check the inside of the tyre for what made the hole before you put in a new tube.

Octopuses have three hearts. Two pump blood through the gills and one through the body; that one stops while the animal swims, so it prefers to crawl.

A refund can be asked for within thirty days. Write to the shop with the number of the order, and send the goods back in their box.

Coffee tastes sour when too little was taken out of the grounds, and bitter when too much was. Grind finer against the first, coarser against the second.

Lightning is hotter than the surface of the Sun, but only for a moment. The air around it expands so fast that we hear it as thunder.

Glaciers flow. Under their own weight the ice bends and slides, some metres a year, and carries rocks from the mountains into the valley.`;
