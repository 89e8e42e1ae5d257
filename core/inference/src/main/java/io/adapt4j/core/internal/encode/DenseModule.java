package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Dense layer act(W x + b) on a text's vector, stored in its own folder. */
record DenseModule(Path folder, Parameter weight, Parameter bias, Activation activation)
    implements VectorModule {

  private static final String ACTIVATION = "activation_function";

  /** Reads a module's configuration and checks its weights. */
  static DenseModule read(Path folder, int input) {
    ConfigReader config = ConfigReader.read(folder.resolve("config.json"));
    if (config.requirePositiveInt("in_features") != input) {
      throw config.invalid(
          "in_features",
          input + ", the width of the module before",
          "Use the files of one and the same model.");
    }
    int output = config.requirePositiveInt("out_features");
    DenseModule module =
        new DenseModule(
            folder,
            Parameter.of("linear.weight", output, input),
            config.bool("bias", true) ? Parameter.of("linear.bias", output) : null,
            activation(config));
    module.requireWeights(config);
    return module;
  }

  private static Activation activation(ConfigReader config) {
    String name = config.optionalText(ACTIVATION).orElse("torch.nn.modules.activation.Tanh");
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "Identity" -> null;
      case "Tanh" -> Activation.TANH;
      case "ReLU" -> Activation.RELU;
      case "GELU" -> Activation.GELU;
      case "SiLU" -> Activation.SILU;
      default ->
          throw config.invalid(
              ACTIVATION,
              "one of Identity, Tanh, ReLU, GELU, SiLU",
              "This build has no such activation.");
    };
  }

  private void requireWeights(ConfigReader config) {
    if (!Files.isRegularFile(folder.resolve(Checkpoint.SINGLE_FILE))) {
      throw config.invalid(
          "out_features",
          "the weights in " + folder.resolve(Checkpoint.SINGLE_FILE),
          "Save the model with a current version of Sentence Transformers, which writes it.");
    }
    try (Checkpoint checkpoint = open()) {
      Map<String, List<Long>> expected = new LinkedHashMap<>();
      expected.put(name(weight), List.of(weight.sizes()[0], weight.sizes()[1]));
      if (bias != null) {
        expected.put(name(bias), List.of(bias.sizes()[0]));
      }
      checkpoint.requireTensors(expected);
    }
  }

  private Checkpoint open() {
    return Checkpoint.openFile(folder.resolve(Checkpoint.SINGLE_FILE));
  }

  private static String name(Parameter parameter) {
    return parameter.slices().get(0).name();
  }

  @Override
  public void load(DType type) {
    try (Checkpoint checkpoint = open()) {
      load(weight, checkpoint, type);
      if (bias != null) {
        load(bias, checkpoint, type);
      }
    }
  }

  private static void load(Parameter parameter, Checkpoint checkpoint, DType type) {
    parameter.allocate(type);
    Weights.fill(parameter.value(), checkpoint, name(parameter));
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    Tensor y = ops.linear(x, weight, bias);
    return activation == null ? y : ops.activation(y, activation);
  }

  @Override
  public List<Parameter> parameters() {
    return bias == null ? List.of(weight) : List.of(weight, bias);
  }

  @Override
  public int width(int input) {
    return Math.toIntExact(weight.sizes()[0]);
  }

  @Override
  public void close() {
    weight.close();
    if (bias != null) {
      bias.close();
    }
  }
}
