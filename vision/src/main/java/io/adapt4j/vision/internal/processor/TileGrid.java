package io.adapt4j.vision.internal.processor;

import io.adapt4j.vision.internal.image.Pixels;

/** Grid of tiles whose aspect ratio is nearest to a picture's. */
final class TileGrid {

  private TileGrid() {}

  /**
   * Returns columns and rows. Of equally near grids the larger one wins while its area is less than
   * twice that of the picture.
   *
   * @param area pixels of a tile
   */
  static int[] nearest(Pixels picture, int leastTiles, int mostTiles, double area) {
    double aspect = picture.width() / (double) picture.height();
    double pixels = (double) picture.width() * picture.height();
    double nearest = Double.POSITIVE_INFINITY;
    int[] best = {1, 1};
    for (int tiles = leastTiles; tiles <= mostTiles; tiles++) {
      for (int columns = 1; columns <= tiles; columns++) {
        if (tiles % columns == 0) {
          int rows = tiles / columns;
          double far = Math.abs(aspect - columns / (double) rows);
          if (far < nearest || (far == nearest && pixels > 0.5 * area * tiles)) {
            nearest = far;
            best = new int[] {columns, rows};
          }
        }
      }
    }
    return best;
  }
}
