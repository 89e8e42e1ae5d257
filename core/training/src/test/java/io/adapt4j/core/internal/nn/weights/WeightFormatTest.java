package io.adapt4j.core.internal.nn.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.core.method.WeightFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The seam that other modules hold weights behind, with a format that holds them as they are. */
class WeightFormatTest {

  private static final String FAMILY = "qwen3_bias";

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradientsOfEverythingElseAreThoseOfAPlainNetwork(boolean recompute) {
    long before = Tensor.live();
    try (FamilyFolder folder = FamilyFolder.open(FAMILY);
        Network plain = folder.load();
        Network packed = load(folder, new Elsewhere(name -> name))) {
      Map<String, float[]> wanted = gradients(folder, plain, recompute);
      Map<String, float[]> found = gradients(folder, packed, recompute);
      assertThat(found.keySet())
          .contains("model.norm.weight", "model.layers.0.self_attn.q_proj.bias")
          .doesNotContain("model.layers.0.self_attn.q_proj.weight");
      found.forEach((name, values) -> assertThat(values).as(name).isEqualTo(wanted.get(name)));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static Map<String, float[]> gradients(
      FamilyFolder folder, Network network, boolean recompute) {
    network.parameters().forEach(Parameter::train);
    FamilyFolder.forwardBackward(network, folder.batch(""), recompute);
    Map<String, float[]> gradients = new LinkedHashMap<>();
    network.parameters().stream()
        .flatMap(parameter -> parameter.trained().stream())
        .forEach(trainable -> gradients.put(trainable.name(), trainable.gradient().toFloats()));
    return gradients;
  }

  @Test
  void packedWeightsCountButAreNoParametersAndAreNotWritten() {
    try (FamilyFolder folder = FamilyFolder.open(FAMILY);
        Network plain = folder.load();
        Network packed = load(folder, new Elsewhere(name -> name))) {
      assertThat(packed.parameterCount()).isEqualTo(plain.parameterCount());
      assertThat(packed.tensors()).doesNotContainKey("model.layers.0.mlp.down_proj.weight");
      assertThat(packed.packedLinears()).hasSameSizeAs(packed.layerLinears());
      assertThatThrownBy(() -> Weights.tensors(packed, StoredType.F32))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("packed weights");
      assertThat(Methods.of(FullFineTuning.create()).problems(packed, folder.path()))
          .singleElement()
          .asString()
          .contains("held packed");
    }
  }

  @Test
  void tensorsThatAFormatReadsAreSoughtWithAllOthers() {
    try (FamilyFolder folder = FamilyFolder.open(FAMILY)) {
      assertThatThrownBy(() -> load(folder, new Elsewhere(name -> name + ".codes")).close())
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("missing")
          .hasMessageContaining("model.layers.0.mlp.down_proj.weight.codes")
          .hasMessageContaining("unexpected");
    }
  }

  private static Network load(FamilyFolder folder, WeightFormat format) {
    Network network = Architectures.declare(ModelConfig.read(folder.path()));
    try (Checkpoint checkpoint = Checkpoint.open(folder.path())) {
      WeightMechanics.of(format).install(network, checkpoint);
      Weights.check(network, checkpoint);
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
    }
    return network;
  }

  /** Holds weights in tensors of its own. */
  private record Elsewhere(UnaryOperator<String> stored) implements WeightMechanics {

    @Override
    public String description() {
      return "elsewhere";
    }

    @Override
    public void install(Network declared, Checkpoint checkpoint) {
      declared
          .layerLinears()
          .forEach(slot -> slot.replace(plain -> new Held((DenseLinear) plain, stored)));
    }
  }

  private static final class Held implements QuantizedLinear {

    private final DenseLinear declared;
    private final UnaryOperator<String> storedName;
    private Tensor weight;

    Held(DenseLinear declared, UnaryOperator<String> storedName) {
      this.declared = declared;
      this.storedName = storedName;
    }

    @Override
    public List<Part> parts() {
      return declared.parts();
    }

    @Override
    public long inFeatures() {
      return declared.inFeatures();
    }

    @Override
    public long outFeatures() {
      return declared.outFeatures();
    }

    @Override
    public Tensor forward(Ops ops, Tensor x) {
      return ops.frozenLinear(x, (type, use) -> use.apply(weight), bias().orElse(null));
    }

    @Override
    public List<Parameter> parameters() {
      return bias().stream().toList();
    }

    @Override
    public Set<String> packed() {
      return declared.weight().slices().stream().map(Slice::name).collect(Collectors.toSet());
    }

    @Override
    public Optional<Parameter> bias() {
      return declared.bias();
    }

    @Override
    public Map<String, List<Long>> stored() {
      Map<String, List<Long>> tensors = new LinkedHashMap<>();
      for (Slice slice : declared.weight().slices()) {
        tensors.put(storedName.apply(slice.name()), List.of(slice.rows(), inFeatures()));
      }
      return tensors;
    }

    @Override
    public StoredType original() {
      return StoredType.F32;
    }

    @Override
    public boolean isTransposed() {
      return false;
    }

    @Override
    public void read(Checkpoint checkpoint) {
      weight = Tensor.empty(DType.F32, outFeatures(), inFeatures()).own();
      for (Slice slice : declared.weight().slices()) {
        try (Tensor rows = weight.narrow(0, slice.start(), slice.rows())) {
          Weights.fill(rows, checkpoint, slice.name());
        }
      }
    }

    @Override
    public long packedCount() {
      return outFeatures() * inFeatures();
    }

    @Override
    public long packedBytes() {
      return packedCount() * Float.BYTES;
    }

    @Override
    public Tensor restored(Part part, DType type) {
      try (Tensor rows = weight.narrow(0, part.start(), part.width())) {
        return rows.copyAs(type);
      }
    }

    @Override
    public void close() {
      parameters().forEach(Parameter::close);
      if (weight != null) {
        weight.close();
      }
    }
  }
}
