package io.adapt4j.gguf.internal.family;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Where a tensor is on the other side, and how its values lie in the GGUF file.
 *
 * @param name its name there
 * @param layout how the GGUF file has its values
 * @param expert number of the expert whose matrix it is, where the GGUF file has those of all
 *     experts in one tensor; {@link #ALONE} where it is a tensor there
 */
public record Place(String name, Layout layout, int expert) {

  /** Of a tensor that is one in both. */
  public static final int ALONE = -1;

  /** In the name of a checkpoint's tensor, stands for the number of the expert. */
  static final String EXPERT = "{expert}";

  /** {@return whether the GGUF tensor has the matrices of all experts} */
  public boolean isStack() {
    return name.contains(EXPERT);
  }

  /**
   * Returns the places of a GGUF tensor in the checkpoint.
   *
   * @param shape its dimensions, rows' length first
   * @return one for each expert; this place where it is no stack
   */
  public List<Place> stored(List<Long> shape) {
    return isStack()
        ? IntStream.range(0, Math.toIntExact(shape.get(shape.size() - 1)))
            .mapToObj(this::ofExpert)
            .toList()
        : List.of(this);
  }

  /**
   * Returns the place of one expert's matrix.
   *
   * @param number of the expert
   * @return the place in the checkpoint
   */
  public Place ofExpert(int number) {
    return new Place(name.replace(EXPERT, String.valueOf(number)), layout, number);
  }
}
