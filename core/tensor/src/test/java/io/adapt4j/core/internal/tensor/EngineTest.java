package io.adapt4j.core.internal.tensor;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import org.junit.jupiter.api.Test;

/** Several engines in one process, and how operators find theirs. */
class EngineTest {

  private final Engine other = MetaDevice.engine();

  @Test
  void twoEnginesWorkSideBySide() {
    try (Scope here = Scope.open();
        Scope there = Scope.open(other)) {
      Tensor away = Tensor.zeros(DType.F32, 2, 2);
      try (Scope inside = Scope.open()) {
        assertThat(Tensor.of(new float[] {1, 2}, 2).engine()).isSameAs(other);
      }
      there.close();
      Tensor near = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
      assertThat(near.times(near).toFloats()).containsExactly(7, 10, 15, 22);
      assertThat(near.isOnHost()).isTrue();
      assertThat(away.isClosed()).isTrue();
    }
  }

  @Test
  void anOperatorRunsOnTheEngineOfItsTensorsWhateverIsCurrent() {
    try (Scope there = Scope.open(other)) {
      Tensor away = Tensor.zeros(DType.F32, 2, 2);
      try (Scope here = Scope.open(Engine.on("cpu"))) {
        Tensor sum = away.plus(away);
        assertThat(sum.engine()).isSameAs(other);
        assertThat(sum.isOnHost()).isFalse();
        assertThat(Tensor.zeros(DType.F32, 1).isOnHost()).isTrue();
      }
    }
  }

  @Test
  void aCopyBesideATensorBelongsToItsEngine() {
    try (Scope scope = Scope.open()) {
      Tensor near = Tensor.zeros(DType.F32, 2);
      try (Scope there = Scope.open(other)) {
        Tensor copy = near.copyBeside(Tensor.zeros(DType.F32, 1));
        assertThat(copy.engine()).isSameAs(other);
        assertThat(copy.isOnHost()).isFalse();
      }
    }
  }

  @Test
  void derivativesAreMadeOnTheEngineOfTheTensors() {
    try (Scope there = Scope.open(other);
        Tape tape = new Tape()) {
      Tensor x = Tensor.zeros(DType.F32, 2, 3);
      Tensor dy = Tensor.zeros(DType.F32, 2, 3);
      tape.track(x);
      try (Scope here = Scope.open(Engine.on("cpu"))) {
        Ops ops = Ops.recording(tape, 1);
        Tensor y =
            ops.checkpoint(
                x,
                true,
                (inside, in) -> inside.add(inside.activation(in, Activation.SILU), constant()));
        Tensor dx = tape.backward(y, dy, x);
        assertThat(dx.engine()).isSameAs(other);
        assertThat(dx.sizes()).containsExactly(2, 3);
      }
    }
  }

  /** Made from nothing, within a part of a network. */
  private static Tensor constant() {
    return Tensor.zeros(DType.F32, 2, 3);
  }

  @Test
  void aLibraryThatIsMissingAndAFunctionThatIsMissingAreNamed() {
    OperatorLibrary absent = OperatorLibrary.of(EngineTest.class, "absent.py");
    refuses(EngineException.class, () -> absent.operator("add").run(), "absent.py", "EngineTest");
    try (Tensor x = Tensor.zeros(DType.F32, 1)) {
      assertThatThrownBy(() -> Operator.core("dropuot_mask").tensor(x, 0.5))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("dropuot_mask");
    }
  }
}
