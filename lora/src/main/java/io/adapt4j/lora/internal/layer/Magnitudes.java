package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.Dora;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DoRA's magnitude vectors for the rows of one layer's weight, and the gains that scale the rows to
 * them. Outputs of unadapted parts have gain 1.
 */
public final class Magnitudes implements AutoCloseable {

  private final List<AdaptedPart> adapted;
  private final BaseWeight base;

  /** Trained magnitudes of the adapted parts, concatenated, fp32. */
  private final Parameter magnitudes;

  /** Current row norms in the same order. */
  private final Tensor present;

  /** Squared norms of the base's rows, per part. */
  private final List<Tensor> squares = new ArrayList<>();

  /** Trained magnitude over current norm for every output of the layer, fp32 [out]. */
  private final Tensor gain;

  Magnitudes(List<AdaptedPart> adapted, BaseWeight base) {
    this.adapted = List.copyOf(adapted);
    this.base = base;
    List<Slice> slices = new ArrayList<>();
    long rows = 0;
    for (AdaptedPart part : adapted) {
      long width = part.part().width();
      slices.add(new Slice(PeftNames.magnitude(part.part().path()), rows, width));
      rows += width;
    }
    magnitudes = new Parameter(slices, rows);
    magnitudes.allocate(DType.F32);
    present = Tensor.zeros(DType.F32, rows).own();
    gain = Tensor.zeros(DType.F32, base.layer().outFeatures()).own();
    try (Tensor tensor = Tensor.of(new float[] {1}, 1)) {
      magnitudes.value().copyFrom(tensor);
      gain.copyFrom(tensor);
    }
    for (int i = 0; i < adapted.size(); i++) {
      try (Tensor weight = weight(i)) {
        squares.add(Dora.squares(weight).own());
      }
    }
  }

  public Parameter magnitudes() {
    return magnitudes;
  }

  void train() {
    magnitudes.train();
  }

  Trainable trained(int index) {
    return magnitudes.trained().get(index);
  }

  /** Returns the layer's gains [out]. */
  Tensor gain() {
    return gain;
  }

  /** Returns a view of one part's gains. */
  Tensor gain(int index) {
    Slice own = magnitudes.slices().get(index);
    return gain.narrow(0, adapted.get(index).part().start(), own.rows());
  }

  /** Returns the read-only base weight of one part. */
  Tensor weight(int index) {
    return base.rows(adapted.get(index).part());
  }

  /** Returns the base's bias, or null. */
  @Nullable Parameter bias() {
    return base.bias();
  }

  /** Measures the rows of a part with its update: a [rank, in], b [width, rank], fp32. */
  void measure(int index, Tensor a, Tensor b) {
    Slice own = magnitudes.slices().get(index);
    try (Tensor weight = weight(index);
        Tensor rows = present.narrow(0, own.start(), own.rows());
        Tensor found =
            Dora.magnitudes(weight, squares.get(index), a, b, adapted.get(index).scale())) {
      rows.copyFrom(found);
    }
  }

  /** Sets the trained magnitudes to the current norms. */
  void keepPresent() {
    magnitudes.value().copyFrom(present);
  }

  /** Updates the gains after norms were measured or magnitudes trained. */
  void refresh() {
    for (int i = 0; i < adapted.size(); i++) {
      Slice own = magnitudes.slices().get(i);
      try (Tensor wanted = magnitudes.value().narrow(0, own.start(), own.rows());
          Tensor rows = present.narrow(0, own.start(), own.rows());
          Tensor target = gain(i)) {
        Dora.divide(target, wanted, rows);
      }
    }
  }

  /** Adds the gradient of the layer's gains [out] to that of the magnitudes. */
  void accumulate(Tensor dgain) {
    for (int i = 0; i < adapted.size(); i++) {
      AdaptedPart part = adapted.get(i);
      try (Tensor own = dgain.narrow(0, part.part().start(), part.part().width())) {
        accumulate(i, own);
      }
    }
  }

  /** Adds the gradient of one part's gains. */
  void accumulate(int index, Tensor dgain) {
    if (magnitudes.isTrained()) {
      Slice own = magnitudes.slices().get(index);
      try (Tensor gradient = magnitudes.gradient().narrow(0, own.start(), own.rows());
          Tensor rows = present.narrow(0, own.start(), own.rows())) {
        Dora.addQuotient(gradient, dgain, rows);
      }
    }
  }

  @Override
  public void close() {
    squares.forEach(Tensor::close);
    magnitudes.close();
    present.close();
    gain.close();
  }
}
