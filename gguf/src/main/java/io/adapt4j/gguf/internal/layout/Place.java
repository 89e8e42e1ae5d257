package io.adapt4j.gguf.internal.layout;

import java.util.List;
import java.util.stream.IntStream;

/** Counterpart of a tensor in the other format, with its layout in the GGUF file. */
public record Place(String name, Layout layout, int expert) {

  /** Value of {@code expert} for a tensor that is not part of a stack. */
  public static final int ALONE = -1;

  /** Placeholder for the expert's number in a checkpoint's tensor name. */
  public static final String EXPERT = "{expert}";

  /** {@return whether the GGUF tensor stacks the matrices of all experts} */
  public boolean isStack() {
    return name.contains(EXPERT);
  }

  /** Returns the checkpoint tensors that a GGUF tensor is made of. */
  public List<Place> stored(List<Long> shape) {
    return isStack()
        ? IntStream.range(0, count(shape)).mapToObj(this::ofExpert).toList()
        : List.of(this);
  }

  /**
   * Returns the number of checkpoint tensors that a GGUF tensor is made of. A vector is one:
   * llama.cpp's quantizer drops dimensions of 1 at the end.
   */
  public int count(List<Long> shape) {
    int last = shape.size() - 1;
    return isStack() && last > 0 ? Math.toIntExact(shape.get(last)) : 1;
  }

  /** Returns the counterpart of one expert's matrix. */
  public Place ofExpert(int number) {
    return new Place(name.replace(EXPERT, String.valueOf(number)), layout, number);
  }
}
