package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * Newly initialized parameters: output layers that a checkpoint lacks, and their initial values.
 */
public final class NewParameters {

  private static final double DEFAULT_RANGE = 0.02;

  /** Truncation of ModernBERT's initial values, in standard deviations. */
  private static final double MODERN_CUTOFF = 3;

  private NewParameters() {}

  /** Finds the tensors of a network's output layers that a checkpoint lacks. */
  public static Set<String> missing(Network declared, Checkpoint checkpoint) {
    Set<String> stored = checkpoint.names();
    return declared.outputTensors().stream()
        .filter(name -> !stored.contains(declared.storedNames().find(name, stored)))
        .collect(Collectors.toSet());
  }

  /** Finds the tensors of the classifier, so that they can be replaced. */
  public static Set<String> classifier(Encoder declared) {
    return declared.classifier().linear().parameters().stream()
        .flatMap(parameter -> parameter.slices().stream())
        .map(Parameter.Slice::name)
        .collect(Collectors.toSet());
  }

  /**
   * Initializes new tensors as Transformers does: matrices normal around 0 with {@code
   * initializer_range} (default 0.02), norms 1, biases 0. ModernBERT's are truncated normal, with a
   * deviation of 1 / sqrt(hidden) for the classifier and of the range over sqrt(2 layers) for the
   * layer before it.
   */
  public static void initialize(Network network, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (Parameter parameter : network.parameters()) {
      for (Parameter.Slice slice : parameter.slices()) {
        if (network.newTensors().contains(slice.name())) {
          float[] values = values(network, parameter, slice, random);
          try (Tensor initial = Tensor.of(values, shape(parameter, slice));
              Tensor target = parameter.value().narrow(0, slice.start(), slice.rows())) {
            target.copyFrom(initial);
          }
        }
      }
    }
  }

  private static long[] shape(Parameter parameter, Parameter.Slice slice) {
    long[] sizes = parameter.sizes();
    sizes[0] = slice.rows();
    return sizes;
  }

  private static float[] values(
      Network network, Parameter parameter, Parameter.Slice slice, SplittableRandom random) {
    long[] shape = shape(parameter, slice);
    int count = Math.toIntExact(shape.length == 1 ? shape[0] : shape[0] * shape[1]);
    float[] values = new float[count];
    boolean modern = network.modelConfig().modelType().equals("modernbert");
    double deviation = deviation(network, slice.name(), modern);
    for (int i = 0; i < count; i++) {
      if (shape.length == 1) {
        values[i] = slice.name().endsWith(".bias") ? 0 : 1;
      } else {
        values[i] = (float) (deviation * (modern ? truncated(random) : random.nextGaussian()));
      }
    }
    return values;
  }

  private static double truncated(SplittableRandom random) {
    double value = random.nextGaussian();
    while (Math.abs(value) > MODERN_CUTOFF) {
      value = random.nextGaussian();
    }
    return value;
  }

  private static double deviation(Network network, String name, boolean modern) {
    ConfigReader fields = network.modelConfig().fields();
    double range = fields.positiveNumber("initializer_range", DEFAULT_RANGE);
    if (!modern) {
      return range;
    }
    return name.startsWith("classifier.")
        ? 1 / Math.sqrt(network.dimensions().hiddenSize())
        : range / Math.sqrt(2.0 * network.dimensions().layers());
  }
}
