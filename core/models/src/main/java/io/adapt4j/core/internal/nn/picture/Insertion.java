package io.adapt4j.core.internal.nn.picture;

import io.adapt4j.core.internal.tensor.Tensor;

/** Consecutive rows of a picture in a pass over one row of tokens. */
public record Insertion(PictureRows picture, int row, int at, int count) {

  /** Replaces embeddings [1, T, hidden]. */
  public void into(Tensor embedded) {
    embedded.narrow(1, at, count).copyFrom(part(picture.rows()));
  }

  /** Adds to the output of a layer [1, T, hidden]. */
  public void deepen(Tensor output, int layer) {
    if (layer < picture.deeper().size()) {
      Tensor place = output.narrow(1, at, count);
      place.copyFrom(place.plus(part(picture.deeper().get(layer))));
    }
  }

  private Tensor part(Tensor rows) {
    return rows.narrow(0, row, count).viewed(1, count, rows.size(1));
  }
}
