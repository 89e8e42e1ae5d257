package io.adapt4j.gguf.internal.family;

import java.util.List;
import java.util.stream.IntStream;

/** Where a tensor is on the other side, and how its values lie in the GGUF file. */
public record Place(String name, Layout layout, int expert) {

  /** Of a tensor that is one in both. */
  public static final int ALONE = -1;

  /** In the name of a checkpoint's tensor, stands for the number of the expert. */
  static final String EXPERT = "{expert}";

  /** {@return whether the GGUF tensor has the matrices of all experts} */
  public boolean isStack() {
    return name.contains(EXPERT);
  }

  /** Returns the places of a GGUF tensor in the checkpoint. */
  public List<Place> stored(List<Long> shape) {
    return isStack()
        ? IntStream.range(0, Math.toIntExact(shape.get(shape.size() - 1)))
            .mapToObj(this::ofExpert)
            .toList()
        : List.of(this);
  }

  /** Returns the place of one expert's matrix. */
  public Place ofExpert(int number) {
    return new Place(name.replace(EXPERT, String.valueOf(number)), layout, number);
  }
}
