package io.adapt4j.core.internal.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.internal.train.SmallRun;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.optim.Optimizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Optimizer state that is copied to the values and back, which a GPU needs, made to do so where all
 * memory is the host's.
 */
class PagedStateTest {

  private static final int STEPS = 12;
  private static final double DECAY = 0.1;

  /** The most tensors that the moments of a value are: codes and scales of both. */
  private static final int MOST_MOMENTS = 4;

  @TempDir private Path temporary;
  private final long before = Tensor.live();

  @AfterEach
  void nothingStaysOpen() {
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static Optimizer.Paged optimizer(boolean eightBit) {
    return new Optimizer.Paged(eightBit ? Optimizer.adamW8bit() : Optimizer.adamW());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void lossesWeightsAndStateAreThoseOfPlainStateToTheBit(boolean eightBit) throws IOException {
    Path base = SmallModel.write(temporary.resolve("base"));
    Map<String, byte[]> plain = new LinkedHashMap<>();
    Map<String, byte[]> paged = new LinkedHashMap<>();
    List<Double> losses = train(base, eightBit, StateMemory.BESIDE_VALUES, plain);
    assertThat(train(base, eightBit, StateMemory.PAGED, paged)).isEqualTo(losses);
    assertThat(losses.get(STEPS - 1)).isLessThan(losses.get(0));
    assertThat(paged.keySet()).isEqualTo(plain.keySet());
    paged.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(plain.get(name)));
  }

  private static List<Double> train(
      Path base, boolean eightBit, StateMemory memory, Map<String, byte[]> state) {
    List<Double> losses = new ArrayList<>();
    try (SmallRun run = new SmallRun(base);
        TrainingStep<Batch> step = step(run, eightBit, memory)) {
      NextTokens task = new NextTokens(run.decoder);
      Batches batches = run.batches(SmallModel.sentences(4 * STEPS), 4);
      Iterator<Batch> data = batches.epoch(0);
      while (data.hasNext()) {
        Batch batch = data.next();
        double targets = task.targets(batch);
        losses.add(step.run(List.of(batch), targets, 1e-3, losses.size()).loss());
      }
      try (Scope scope = Scope.open()) {
        step.state().forEach(tensorData -> state.put(tensorData.name(), bytes(tensorData)));
      }
    }
    return losses;
  }

  private static TrainingStep<Batch> step(SmallRun run, boolean eightBit, StateMemory memory) {
    Optimizer.Paged optimizer = optimizer(eightBit);
    return new TrainingStep<>(
        new NextTokens(run.decoder),
        run.adaptation,
        new TrainingStep.Settings(optimizer, DECAY, 1, false),
        StepHooks.NONE,
        (trained, decay) -> OptimizerStates.start(optimizer, trained, decay, memory));
  }

  private static byte[] bytes(TensorData tensor) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      tensor.content().writeTo(Channels.newChannel(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Values large enough for 8 bits, and gradients that differ from step to step. */
  private static final class Values implements AutoCloseable {

    private final List<Parameter> parameters = new ArrayList<>();
    final List<Trainable> trained = new ArrayList<>();

    Values(int count) {
      for (int i = 0; i < count; i++) {
        Parameter parameter = Parameter.of("layer." + i + ".weight", 70, 65 + i);
        parameter.allocate(DType.F32);
        fill(parameter.value(), i);
        parameter.train();
        parameters.add(parameter);
        trained.addAll(parameter.trained());
      }
    }

    void gradients(int step) {
      for (int i = 0; i < trained.size(); i++) {
        fill(trained.get(i).gradient(), 100 * step + i);
      }
    }

    private static void fill(Tensor target, int seed) {
      float[] values = new float[(int) target.count()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) Math.sin(seed + 0.7 * i);
      }
      try (Tensor source = Tensor.of(values, target.sizes())) {
        target.copyFrom(source);
      }
    }

    List<float[]> numbers() {
      return trained.stream().map(parameter -> parameter.value().toFloats()).toList();
    }

    @Override
    public void close() {
      parameters.forEach(Parameter::close);
    }
  }

  private static Map<String, byte[]> saved(OptimizerState state) {
    Map<String, byte[]> saved = new LinkedHashMap<>();
    try (Scope scope = Scope.open()) {
      state.save().forEach(tensorData -> saved.put(tensorData.name(), bytes(tensorData)));
    }
    return saved;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theMomentsOfOneValueAtATimeAreCopied(boolean eightBit) throws InterruptedException {
    try (Values values = new Values(20);
        OptimizerState state =
            OptimizerStates.start(optimizer(eightBit), values.trained, DECAY, StateMemory.PAGED)) {
      values.gradients(1);
      long kept = Tensor.live();
      long[] most = {0};
      AtomicBoolean done = new AtomicBoolean();
      Thread watch =
          new Thread(
              () -> {
                while (!done.get()) {
                  most[0] = Math.max(most[0], Tensor.live());
                }
              });
      watch.start();
      for (int i = 0; i < STEPS; i++) {
        state.step(1e-2);
        assertThat(Tensor.live()).isEqualTo(kept);
      }
      done.set(true);
      watch.join();
      assertThat(most[0]).isBetween(kept, kept + MOST_MOMENTS);
    }
  }

  @Test
  void copiesExistDuringTheUpdateOnlyAndAreBackAfterIt() {
    try (Tensor value = Tensor.zeros(DType.F32, 2);
        Tensor moment = Tensor.of(new float[] {1, 2}, 2)) {
      long open = Tensor.live();
      StateMemory.PAGED.update(
          List.of(moment),
          value,
          near -> {
            assertThat(Tensor.live()).isEqualTo(open + 1);
            value.copyFrom(near.get(0));
            near.get(0).fill(memory -> memory.asFloatBuffer().put(new float[] {3, 4}));
            assertThat(moment.toFloats()).containsExactly(1, 2);
          });
      assertThat(moment.toFloats()).containsExactly(3, 4);
      assertThat(value.toFloats()).containsExactly(1, 2);
      assertThat(Tensor.live()).isEqualTo(open);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aValueWhoseUpdateFailsKeepsItsMomentsAndThoseBeforeItAreWhole(boolean eightBit) {
    try (Values values = new Values(3);
        Values twins = new Values(3);
        OptimizerState state =
            OptimizerStates.start(optimizer(eightBit), values.trained, DECAY, StateMemory.PAGED);
        OptimizerState plain = OptimizerStates.start(optimizer(eightBit), twins.trained, DECAY)) {
      for (int i = 1; i <= 2; i++) {
        values.gradients(i);
        twins.gradients(i);
        state.step(1e-2);
        plain.step(1e-2);
      }
      Map<String, byte[]> kept = saved(state);
      values.gradients(3);
      twins.gradients(3);
      values.trained.get(1).gradient().close();
      long open = Tensor.live();
      assertThatThrownBy(() -> state.step(1e-2)).isInstanceOf(IllegalStateException.class);
      assertThat(Tensor.live()).isEqualTo(open);
      plain.step(1e-2);
      Map<String, byte[]> whole = saved(plain);
      saved(state)
          .forEach(
              (name, bytes) ->
                  assertThat(bytes)
                      .as(name)
                      .isEqualTo(name.contains("layer.0.") ? whole.get(name) : kept.get(name)));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void savedPagedStateGoesOnAsPlainStateAndTheOtherWayRound(boolean eightBit) {
    List<float[]> straight = run(eightBit, StateMemory.BESIDE_VALUES, StateMemory.BESIDE_VALUES);
    for (StateMemory first : StateMemory.values()) {
      for (StateMemory second : StateMemory.values()) {
        assertThat(run(eightBit, first, second))
            .usingElementComparator(Arrays::compare)
            .as("%s, then %s", first, second)
            .isEqualTo(straight);
      }
    }
  }

  /** Three steps with one state, saved, three with another that begins there. */
  private List<float[]> run(boolean eightBit, StateMemory first, StateMemory second) {
    Path file = temporary.resolve(eightBit + "-" + first + "-" + second + ".safetensors");
    try (Values values = new Values(2);
        OptimizerState state =
            OptimizerStates.start(optimizer(eightBit), values.trained, DECAY, first)) {
      for (int i = 1; i <= 3; i++) {
        values.gradients(i);
        state.step(1e-2);
      }
      try (Scope scope = Scope.open()) {
        SafetensorsWriter.create().writeFile(file, state.save());
      }
    }
    try (Values values = new Values(2);
        OptimizerState state =
            OptimizerStates.start(optimizer(eightBit), values.trained, DECAY, second);
        Checkpoint saved = Checkpoint.openFile(file)) {
      state.restore(saved, 3);
      for (int i = 4; i <= 6; i++) {
        values.gradients(i);
        state.step(1e-2);
      }
      return values.numbers();
    }
  }
}
