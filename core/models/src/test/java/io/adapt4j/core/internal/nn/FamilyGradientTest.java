package io.adapt4j.core.internal.nn;

import static io.adapt4j.core.Floats.direction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.Cases;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Gradients of every family against differences of its own loss, tensor by tensor. Of tensors that
 * several layers have, one layer's is tried: the first layer's of the first name, the next layer's
 * of the next name, and so on. {@code -Dadapt4j.gradients=all} tries all.
 */
public class FamilyGradientTest {

  private static final double STEP = 0.002;

  /** What fp32 rounding of two losses makes of their difference over two steps, with room. */
  private static final double NOISE = 2e-3;

  private static final DropoutRates EVERYWHERE =
      new DropoutRates(0.1, 0.2, 0.1, 0.15, 0.1, 0.1, 0.1);

  @ParameterizedTest
  @MethodSource("trainable")
  void everyGradientIsTheSlopeOfTheLoss(String name) {
    requireSlopes(name, DropoutRates.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "distilbert_mlm",
        "gemma2_uncapped",
        "gpt2_by_layer",
        "modernbert_cls",
        "qwen3_window",
        "roberta_cls",
        "stablelm_parallel"
      })
  void everyGradientIsTheSlopeOfTheLossWhereTheSameValuesAreDropped(String name) {
    requireSlopes(name, EVERYWHERE);
  }

  private static void requireSlopes(String name, DropoutRates dropout) {
    try (FamilyFolder folder = FamilyFolder.open(name);
        Network network = folder.load()) {
      network.drop(dropout);
      network.parameters().forEach(Parameter::train);
      Batch batch = folder.batch("");
      FamilyFolder.forwardBackward(network, batch, false);
      // Passes of the differences add to the gradients.
      Map<Trainable, float[]> gradients = new LinkedHashMap<>();
      network.parameters().stream()
          .flatMap(parameter -> parameter.trained().stream())
          .forEach(trainable -> gradients.put(trainable, trainable.gradient().toFloats()));
      SplittableRandom random = new SplittableRandom(3);
      Set<String> tried = tried(gradients.keySet());
      for (Parameter parameter : network.parameters()) {
        for (Trainable trainable : parameter.trained()) {
          if (!tried.contains(trainable.name())) {
            continue;
          }
          float[] gradient = gradients.get(trainable);
          double[] direction = direction(gradient, random);
          double slope = 0;
          for (int i = 0; i < gradient.length; i++) {
            slope += gradient[i] * direction[i];
          }
          double difference =
              (lossAt(network, batch, parameter, trainable.value(), direction, STEP)
                      - lossAt(network, batch, parameter, trainable.value(), direction, -STEP))
                  / (2 * STEP);
          assertThat(slope)
              .as(trainable.name())
              .isCloseTo(difference, within(NOISE + 1e-2 * Math.abs(difference)));
        }
      }
    }
  }

  private static Set<String> tried(Set<Trainable> all) {
    Map<String, List<String>> layers = new LinkedHashMap<>();
    for (Trainable trainable : all) {
      String name = trainable.name();
      layers
          .computeIfAbsent(name.replaceFirst("\\.\\d+\\.", "."), key -> new ArrayList<>())
          .add(name);
    }
    Set<String> tried = new HashSet<>();
    int turn = 0;
    for (List<String> names : layers.values()) {
      if (System.getProperty("adapt4j.gradients", "").equals("all")) {
        tried.addAll(names);
      } else {
        tried.add(names.get(turn % names.size()));
      }
      turn += names.size() > 1 ? 1 : 0;
    }
    return tried;
  }

  /** With dropout or without, by turns over the families. */
  @ParameterizedTest
  @MethodSource("trainable")
  void recomputationGivesTheSameGradientsAndDropsTheSameValues(String name) {
    int turn = name.hashCode();
    if (Cases.isTried(turn, 0, 2)) {
      requireSameRecomputed(name, DropoutRates.NONE);
    }
    if (Cases.isTried(turn, 1, 2)) {
      requireSameRecomputed(name, EVERYWHERE);
    }
  }

  private static void requireSameRecomputed(String name, DropoutRates dropout) {
    try (FamilyFolder folder = FamilyFolder.open(name)) {
      Map<String, float[]> kept = gradients(folder, dropout, false);
      Map<String, float[]> recomputed = gradients(folder, dropout, true);
      assertThat(recomputed.keySet()).isEqualTo(kept.keySet());
      kept.forEach((tensor, values) -> assertThat(recomputed.get(tensor)).isEqualTo(values));
    }
  }

  public static Stream<String> trainable() {
    return FamilyFolder.names().filter(name -> !name.endsWith("_features"));
  }

  private static Map<String, float[]> gradients(
      FamilyFolder folder, DropoutRates dropout, boolean recompute) {
    try (Network network = folder.load()) {
      network.drop(dropout);
      network.parameters().forEach(Parameter::train);
      FamilyFolder.forwardBackward(network, folder.batch(""), recompute);
      Map<String, float[]> gradients = new LinkedHashMap<>();
      network.parameters().stream()
          .flatMap(parameter -> parameter.trained().stream())
          .forEach(trainable -> gradients.put(trainable.name(), trainable.gradient().toFloats()));
      return gradients;
    }
  }

  private static double lossAt(
      Network network,
      Batch batch,
      Parameter parameter,
      Tensor value,
      double[] direction,
      double step) {
    float[] before = value.toFloats();
    float[] moved = before.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += (float) (step * direction[i]);
    }
    set(value, moved, parameter);
    double loss =
        network.dropout().any()
            ? FamilyFolder.forwardBackward(network, batch, false)
            : FamilyFolder.loss(network, batch);
    set(value, before, parameter);
    return loss;
  }

  private static void set(Tensor value, float[] numbers, Parameter parameter) {
    FloatBuffer data = value.data().asFloatBuffer();
    data.put(numbers);
    parameter.refresh();
  }
}
