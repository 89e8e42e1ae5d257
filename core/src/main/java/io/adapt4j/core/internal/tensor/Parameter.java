package io.adapt4j.core.internal.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A weight: its values in the compute type and, when it is trained, fp32 master values and a
 * gradient.
 *
 * <p>Several checkpoint tensors may lie one below the other in one parameter (query, key and value
 * projections share their input, so one product serves all three). Each keeps its own name, and may
 * be trained or not, as a {@link Slice} of rows. A parameter is declared before it has memory, so
 * that a model's structure is known without its weights. Not thread safe.
 */
public final class Parameter implements AutoCloseable {

  /**
   * Rows of a parameter that are one tensor of the checkpoint.
   *
   * @param transposed whether the checkpoint stores it transposed, [in, out] for a projection
   */
  public record Slice(String name, long start, long rows, boolean transposed) {

    /** Makes a slice stored as it is. */
    public Slice(String name, long start, long rows) {
      this(name, start, rows, false);
    }
  }

  /** What an optimizer updates: views that share memory with the parameter. */
  public record Trainable(String name, Tensor value, Tensor gradient) {}

  private final List<Slice> slices;
  private final long[] sizes;
  private final List<Trainable> trained = new ArrayList<>();
  private Tensor value;
  private Tensor master;
  private Tensor gradient;
  private int changes;
  private boolean fixed;

  /** Declares a parameter. */
  public Parameter(List<Slice> slices, long... sizes) {
    this.slices = List.copyOf(slices);
    this.sizes = sizes.clone();
  }

  /** Declares a parameter that is one checkpoint tensor. */
  public static Parameter of(String name, long... sizes) {
    return new Parameter(List.of(new Slice(name, 0, sizes[0])), sizes);
  }

  /** Declares values that are stored with the parameters and never trained. */
  public static Parameter fixed(String name, long... sizes) {
    Parameter parameter = of(name, sizes);
    parameter.fixed = true;
    return parameter;
  }

  /** Returns the checkpoint tensors in this parameter. */
  public List<Slice> slices() {
    return slices;
  }

  /** Returns the dimensions of the whole parameter. */
  public long[] sizes() {
    return sizes.clone();
  }

  /** The dimensions of one checkpoint tensor in it. */
  public long[] sizes(Slice slice) {
    long[] own = sizes.clone();
    own[0] = slice.rows;
    return slice.transposed ? new long[] {own[1], own[0]} : own;
  }

  /** Returns the number of values, all slices together. */
  public long count() {
    long count = 1;
    for (long size : sizes) {
      count *= size;
    }
    return count;
  }

  /** Gives the parameter memory, with undefined content. */
  public void allocate(DType type) {
    if (value != null) {
      throw new IllegalStateException("Parameter " + slices + " already has memory");
    }
    value = Tensor.empty(type, sizes).own();
  }

  /**
   * Returns the values in the compute type.
   *
   * @return the values; this parameter closes them
   */
  public Tensor value() {
    if (value == null) {
      throw new IllegalStateException("Parameter " + slices + " has no values yet");
    }
    return value;
  }

  /**
   * Returns the values with the most digits kept.
   *
   * @return the fp32 masters when a bf16 parameter is trained, else {@link #value}; this parameter
   *     closes them
   */
  public Tensor master() {
    return master == null ? value() : master;
  }

  /** {@return whether the values are never trained} */
  public boolean isFixed() {
    return fixed;
  }

  /** Returns whether any slice is trained. */
  public boolean isTrained() {
    return gradient != null;
  }

  /**
   * Returns the gradient of the whole parameter, to which derivatives add.
   *
   * @return the fp32 gradient, closed by this parameter; null when frozen
   */
  public Tensor gradient() {
    return gradient;
  }

  /**
   * Returns the trained slices, as an optimizer sees them.
   *
   * @return one entry a trained slice, empty when frozen; this parameter closes their tensors
   */
  public List<Trainable> trained() {
    return List.copyOf(trained);
  }

  /**
   * Returns an optional parameter's values as operators take them.
   *
   * @param parameter such as a bias, or null
   * @return the values alone in a list; an empty list for null
   */
  public static List<Tensor> valueOf(Parameter parameter) {
    return parameter == null ? List.of() : List.of(parameter.value());
  }

  /** Returns an optional parameter's gradient as operators take it. */
  public static List<Tensor> gradientOf(Parameter parameter) {
    return parameter != null && parameter.isTrained() ? List.of(parameter.gradient()) : List.of();
  }

  /** Trains every slice. */
  public void train() {
    trainOnly(slices.stream().map(Slice::name).collect(Collectors.toSet()));
  }

  /** Trains some slices, besides those already trained. */
  public void trainOnly(Set<String> names) {
    changes++;
    for (Slice slice : slices) {
      if (!fixed && names.contains(slice.name) && !trains(slice.name)) {
        allocateTraining();
        trained.add(
            new Trainable(
                slice.name,
                master().narrow(0, slice.start, slice.rows).own(),
                gradient.narrow(0, slice.start, slice.rows).own()));
      }
    }
  }

  /** Says that the values were changed by somebody who does not call {@link #refresh}. */
  public void changed() {
    changes++;
  }

  /** Counts how often the values may have changed, for who has made something of them. */
  public int changes() {
    return changes;
  }

  private boolean trains(String name) {
    return trained.stream().anyMatch(parameter -> parameter.name.equals(name));
  }

  private void allocateTraining() {
    if (gradient == null) {
      master = value().type() == DType.F32 ? null : value.copyAs(DType.F32).own();
      gradient = value.engine().zeros(DType.F32, sizes).own();
    }
  }

  /** Freezes the parameter again and frees what training needed. */
  public void freeze() {
    for (Trainable parameter : trained) {
      parameter.value.close();
      parameter.gradient.close();
    }
    trained.clear();
    if (gradient != null) {
      gradient.close();
      gradient = null;
    }
    if (master != null) {
      master.close();
      master = null;
    }
  }

  /** Brings the compute copy up to date after the master values changed. */
  public void refresh() {
    changes++;
    if (master != null) {
      value.copyFrom(master);
    }
  }

  @Override
  public void close() {
    freeze();
    if (value != null) {
      value.close();
    }
  }
}
