package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * The tensors of one layer in an adapter file. Initial values that are subtracted again occupy the
 * second half of the rank, with B negated.
 */
public final class LayerFile {

  private LayerFile() {}

  /** Returns all of the layer's tensors in the file, in fp32. */
  public static List<TensorData> tensors(LoraLinear layer) {
    List<TensorData> tensors = new ArrayList<>();
    int halves = layer.initial() == null ? 1 : 2;
    for (int i = 0; i < layer.adapted().size(); i++) {
      int index = i;
      AdaptedPart adapted = layer.adapted().get(i);
      String path = adapted.part().path();
      long rank = (long) halves * adapted.rank();
      tensors.add(tensor(PeftNames.a(path), () -> layer.wholeA(index), rank, adapted.in()));
      tensors.add(
          tensor(PeftNames.b(path), () -> layer.wholeB(index), adapted.part().width(), rank));
    }
    BiasesOfB biases = layer.biases();
    if (biases != null) {
      for (int i = 0; i < layer.adapted().size(); i++) {
        int index = i;
        Linear.Part part = layer.adapted().get(i).part();
        tensors.add(
            tensor(
                PeftNames.biasOfB(part.path()), () -> biases.value(index), List.of(part.width())));
      }
    }
    if (layer.magnitudes() != null) {
      Parameter magnitudes = layer.magnitudes().magnitudes();
      for (Slice slice : magnitudes.slices()) {
        tensors.add(Weights.tensor(slice.name(), magnitudes.value(), slice, StoredType.F32));
      }
    }
    return tensors;
  }

  private static TensorData tensor(String name, Supplier<Tensor> values, long rows, long columns) {
    return tensor(name, values, List.of(rows, columns));
  }

  private static TensorData tensor(String name, Supplier<Tensor> values, List<Long> shape) {
    return new TensorData(
        name,
        StoredType.F32,
        shape,
        channel -> {
          try (Scope scope = Scope.open()) {
            channel.write(values.get().copyAs(DType.F32).toHost().data());
          }
        });
  }

  /**
   * Loads a layer from a file that matches its plan. A file of the plan's own rank holds no
   * subtracted initial values; the layer keeps those it has.
   */
  public static void load(LoraLinear layer, Checkpoint file) {
    for (int i = 0; i < layer.adapted().size(); i++) {
      try (Scope scope = Scope.open()) {
        AdaptedPart part = layer.adapted().get(i);
        String path = part.part().path();
        if (layer.biases() != null) {
          Weights.fill(layer.biases().value(i), file, PeftNames.biasOfB(path));
        }
        boolean plain = file.entry(PeftNames.a(path)).shape().get(0) == part.rank();
        LoraMatrices initial = layer.initial();
        if (initial == null || plain) {
          Weights.fill(layer.factors().a(i), file, PeftNames.a(path));
          Weights.fill(layer.factors().b(i), file, PeftNames.b(path));
        } else {
          loadHalves(layer, initial, i, file);
        }
      }
    }
    if (layer.magnitudes() != null) {
      Parameter magnitudes = layer.magnitudes().magnitudes();
      for (Slice slice : magnitudes.slices()) {
        try (Tensor rows = magnitudes.value().narrow(0, slice.start(), slice.rows())) {
          Weights.fill(rows, file, slice.name());
        }
      }
    }
  }

  private static void loadHalves(
      LoraLinear layer, LoraMatrices initial, int index, Checkpoint file) {
    AdaptedPart part = layer.adapted().get(index);
    String path = part.part().path();
    long rank = part.rank();
    Tensor a = Tensor.empty(DType.F32, 2 * rank, part.in());
    Tensor b = Tensor.empty(DType.F32, part.part().width(), 2 * rank);
    Weights.fill(a, file, PeftNames.a(path));
    Weights.fill(b, file, PeftNames.b(path));
    layer.factors().a(index).copyFrom(a.narrow(0, 0, rank));
    initial.a(index).copyFrom(a.narrow(0, rank, rank));
    layer.factors().b(index).copyFrom(b.narrow(1, 0, rank));
    initial.b(index).copyFrom(b.narrow(1, rank, rank).scaled(-1));
  }
}
