package io.adapt4j.core.internal.tensor.tape;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A model parameter: values in the compute type and, if trained, fp32 master values and a gradient.
 *
 * <p>One parameter may hold several checkpoint tensors, concatenated by rows (query, key and value
 * projections share their input, so one product serves all three). Each is a {@link Slice} of rows
 * that keeps its name and is trained or frozen on its own. A parameter is declared before it is
 * allocated, so that a model's structure is known without its weights. Not thread safe.
 */
public final class Parameter implements AutoCloseable {

  /**
   * Rows of a parameter that hold one checkpoint tensor.
   *
   * @param transposed whether the checkpoint stores it transposed, [in, out] for a projection
   */
  public record Slice(String name, long start, long rows, boolean transposed) {

    /** Creates a slice that is not stored transposed. */
    public Slice(String name, long start, long rows) {
      this(name, start, rows, false);
    }
  }

  /** A trained slice as an optimizer sees it: views that share memory with the parameter. */
  public record Trainable(String name, Tensor value, Tensor gradient) {}

  private final List<Slice> slices;
  private final long[] sizes;
  private final List<Trainable> trained = new ArrayList<>();
  private final List<Parameter> sharing = new ArrayList<>();
  private Parameter source;
  private Tensor value;
  private Tensor master;
  private Tensor gradient;
  private int changes;
  private boolean fixed;
  private boolean borrowed;

  public Parameter(List<Slice> slices, long... sizes) {
    this.slices = List.copyOf(slices);
    this.sizes = sizes.clone();
  }

  /** Declares a parameter that is one checkpoint tensor. */
  public static Parameter of(String name, long... sizes) {
    return new Parameter(List.of(new Slice(name, 0, sizes[0])), sizes);
  }

  /** Declares a buffer: stored with the parameters but never trained. */
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

  /** Returns the dimensions of one checkpoint tensor. */
  public long[] sizes(Slice slice) {
    long[] own = sizes.clone();
    own[0] = slice.rows;
    return slice.transposed ? new long[] {own[1], own[0]} : own;
  }

  /** Returns the total number of values. */
  public long count() {
    long count = 1;
    for (long size : sizes) {
      count *= size;
    }
    return count;
  }

  /** Allocates the values without initializing them; rows of no slice are 0. */
  public void allocate(DType type) {
    if (value != null) {
      throw new IllegalStateException("Parameter " + slices + " already has memory");
    }
    if (source != null && source.value == null) {
      separate();
    }
    value = source == null ? memory(type).own() : source.value;
  }

  private Tensor memory(DType type) {
    boolean stored = slices.stream().mapToLong(Slice::rows).sum() == sizes[0];
    return stored ? Tensor.empty(type, sizes) : Tensor.zeros(type, sizes);
  }

  /**
   * Declares that this parameter has another's values and memory, until one of the two is trained
   * or {@linkplain #separate separated}. The other is allocated and filled first, and closed last.
   */
  public void share(Parameter other) {
    source = other;
    other.sharing.add(this);
  }

  /** Returns whether the values are those of another parameter, in its memory. */
  public boolean isShared() {
    return source != null;
  }

  /** Copies shared values, so that they can be changed here without being changed elsewhere. */
  public void separate() {
    List.copyOf(sharing).forEach(Parameter::separate);
    if (source != null) {
      source.sharing.remove(this);
      source = null;
      value = value == null ? null : value.copyAs(value.type()).own();
      changes++;
    }
  }

  /** Takes the values of another network's parameter, which owns and closes them. */
  public void borrow(Parameter owner) {
    if (value != null) {
      throw new IllegalStateException("Parameter " + slices + " already has memory");
    }
    value = owner.value();
    borrowed = true;
  }

  /** Returns the values in the compute type: the values; this parameter closes them. */
  public Tensor value() {
    if (value == null) {
      throw new IllegalStateException("Parameter " + slices + " has no values yet");
    }
    return value;
  }

  /**
   * Returns the values in the highest precision kept: the fp32 master values if the parameter is
   * trained in bf16, otherwise {@link #value}; this parameter closes them.
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
   * Returns the gradient of the whole parameter, into which backward accumulates: the fp32
   * gradient, closed by this parameter; null if frozen.
   */
  public Tensor gradient() {
    return gradient;
  }

  /**
   * Returns the trained slices, as an optimizer sees them: one entry per trained slice, empty if
   * frozen; this parameter closes their tensors.
   */
  public List<Trainable> trained() {
    return List.copyOf(trained);
  }

  /**
   * Returns an optional parameter's values as an operator argument.
   *
   * @param parameter such as a bias, or null
   * @return a list with the values; an empty list for null
   */
  public static List<Tensor> valueOf(Parameter parameter) {
    return parameter == null ? List.of() : List.of(parameter.value());
  }

  /** Returns an optional parameter's gradient as an operator argument. */
  public static List<Tensor> gradientOf(Parameter parameter) {
    return parameter != null && parameter.isTrained() ? List.of(parameter.gradient()) : List.of();
  }

  /** Makes every slice trainable. */
  public void train() {
    trainOnly(slices.stream().map(Slice::name).collect(Collectors.toSet()));
  }

  /** Makes some slices trainable, in addition to those that already are. */
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

  /** Records a change of the values by code that does not call {@link #refresh}. */
  public void changed() {
    changes++;
  }

  /**
   * Returns a counter of possible changes to the values, for code that caches something derived
   * from them.
   */
  public int changes() {
    return changes;
  }

  private boolean trains(String name) {
    return trained.stream().anyMatch(parameter -> parameter.name.equals(name));
  }

  private void allocateTraining() {
    if (gradient == null) {
      separate();
      master = value().type() == DType.F32 ? null : value.copyAs(DType.F32).own();
      gradient = value.engine().zeros(DType.F32, sizes).own();
    }
  }

  /** Freezes the parameter and frees its gradient and master values. */
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

  /** Copies changed master values to the compute type. */
  public void refresh() {
    changes++;
    if (master != null) {
      value.copyFrom(master);
    }
  }

  @Override
  public void close() {
    freeze();
    if (value != null && source == null && !borrowed) {
      value.close();
    }
  }
}
