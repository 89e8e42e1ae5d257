package io.adapt4j.vision.internal.tower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.Floats;
import io.adapt4j.core.Golden;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients of every parameter of a tower against finite differences. */
class TowerGradientTest {

  private static final double STEP = 2e-2;

  @ParameterizedTest
  @ValueSource(strings = {"idefics3", "gemma3", "paligemma", "lfm2_vl", "qwen2_5_vl", "qwen3_vl"})
  void everyParameterHasItsGradient(String model) throws Exception {
    Path folder = Golden.folder("multimodal/models").resolve(model);
    try (TowerCase stored = TowerCase.open(folder)) {
      compare(folder, stored.pixels("batch"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llava_onevision", "mistral3", "internvl", "glm_ocr", "paddleocr_vl"})
  void everyParameterOfASyntheticTowerHasItsGradient(String model) throws Exception {
    Path folder = Path.of("src/test/resources/towers", model);
    try (TowerCase stored = TowerCase.open(folder)) {
      compare(folder, stored.pixels());
    }
  }

  private static void compare(Path folder, PixelBatch pixels) {
    long before = Tensor.live();
    try (Checkpoint checkpoint = Checkpoint.open(folder);
        PictureTower tower = Towers.load(ModelConfig.read(folder), checkpoint, DType.F32)) {
      List<Parameter> parameters = tower.weights().parameters();
      parameters.forEach(Parameter::train);
      Map<Parameter, float[]> gradients = gradients(tower, pixels, parameters);
      for (Parameter parameter : parameters) {
        float[] gradient = gradients.get(parameter);
        float[] start = parameter.value().toFloats();
        double[] direction = Floats.direction(gradient, new SplittableRandom(1));
        double expected = 0;
        for (int i = 0; i < gradient.length; i++) {
          expected += gradient[i] * direction[i];
        }
        double step = STEP * Math.max(Floats.largest(start), 0.1);
        double change =
            (moved(tower, pixels, parameter, start, direction, step)
                    - moved(tower, pixels, parameter, start, direction, -step))
                / (2 * step);
        set(parameter, start);
        assertThat(change)
            .as(folder + " " + parameter.slices().get(0).name())
            .isCloseTo(expected, within(2e-2 * Math.abs(expected) + 2e-3));
        assertThat(expected).as(parameter.slices().get(0).name()).isPositive();
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static Map<Parameter, float[]> gradients(
      PictureTower tower, PixelBatch pixels, List<Parameter> parameters) {
    Map<Parameter, float[]> gradients = new HashMap<>();
    try (Tape tape = new Tape();
        Scope scope = Scope.open()) {
      Tensor all = all(Ops.recording(tape, 0), tower, pixels);
      tape.backward(all, weights(all), all);
      parameters.forEach(each -> gradients.put(each, each.gradient().toFloats()));
    }
    return gradients;
  }

  /** The features of all depths in one tensor. */
  private static Tensor all(Ops ops, PictureTower tower, PixelBatch pixels) {
    PictureFeatures features = tower.forward(ops, pixels);
    List<Tensor> parts = new ArrayList<>(List.of(features.rows()));
    parts.addAll(features.deeper());
    return ops.joinColumns(parts);
  }

  private static Tensor weights(Tensor all) {
    return Tensor.of(
        Floats.uniform(new SplittableRandom(7), Math.toIntExact(all.count())), all.sizes());
  }

  private static double moved(
      PictureTower tower,
      PixelBatch pixels,
      Parameter parameter,
      float[] start,
      double[] direction,
      double step) {
    float[] values = start.clone();
    for (int i = 0; i < values.length; i++) {
      values[i] += (float) (step * direction[i]);
    }
    set(parameter, values);
    try (Scope scope = Scope.open()) {
      Tensor all = all(Ops.inference(), tower, pixels);
      float[] found = all.toFloats();
      float[] weights = weights(all).toFloats();
      double sum = 0;
      for (int i = 0; i < found.length; i++) {
        sum += (double) found[i] * weights[i];
      }
      return sum;
    }
  }

  private static void set(Parameter parameter, float[] values) {
    try (Tensor changed = Tensor.of(values, parameter.sizes())) {
      parameter.value().copyFrom(changed);
    }
    parameter.changed();
  }
}
