package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Recurrent layers with a state of constant size instead of keys and values: short convolutions,
 * the gated delta rule and selective state spaces. Backward runs the forward pass again.
 */
public final class RecurrentOps {

  private static final Operator RECURRENT =
      Operator.core("recurrent").needing(RecurrentOps::forwardBytes);
  private static final Operator RECURRENT_BACKWARD =
      Operator.core("recurrent_backward").needing(RecurrentOps::backwardBytes);
  private static final Operator PACKED_RECURRENT = Operator.core("packed_recurrent");
  private static final Operator PACKED_RECURRENT_BACKWARD =
      Operator.core("packed_recurrent_backward");
  private static final Operator SPLIT_GATES = Operator.core("split_gates");
  private static final Operator SPLIT_GATES_BACKWARD = Operator.core("split_gates_backward");
  private static final Operator ENTRIES_GATED = Operator.core("entries_gated");
  private static final Operator ENTRIES_GATED_BACKWARD = Operator.core("entries_gated_backward");

  private RecurrentOps() {}

  /** Kind of computation between the projections of a layer. */
  public enum Kind {
    /** A short convolution between two gates (LFM2). */
    SHORT_CONVOLUTION(0, 3, 8),
    /** A convolution and the gated delta rule. */
    GATED_DELTA(1, 7, 20),
    /** A convolution and a selective state space (Mamba-2). */
    STATE_SPACE(2, 6, 16);

    private final int code;
    private final int forwardCopies;
    private final int backwardCopies;

    Kind(int code, int forwardCopies, int backwardCopies) {
      this.code = code;
      this.forwardCopies = forwardCopies;
      this.backwardCopies = backwardCopies;
    }

    private static Kind of(Object code) {
      return values()[(int) code];
    }
  }

  /** A recurrence with its dimensions and constants. */
  @SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
  public record Recurrence(Kind kind, long width, long[] sizes, double[] numbers) {}

  /**
   * State that earlier tokens left in a layer; each pass replaces it.
   *
   * @param tail the last inputs of the convolution, F32 [B, width - 1, C]
   * @param state of the recurrence, F32 [B, G, R, K, V]; empty if there is none
   */
  public record State(Tensor tail, List<Tensor> state) {}

  /**
   * Runs over a batch. Saves x for backward.
   *
   * @param x projected inputs [B, T, ..]
   * @param keep F32 [B, T, 1] with 0 on padding, or null if padding is only on the right
   * @param state state of earlier tokens, or null at the beginning of texts
   * @return [B, T, width]
   */
  public static Tensor apply(
      Ops ops,
      Recurrence recurrence,
      Tensor x,
      List<Parameter> parameters,
      @Nullable Tensor keep,
      @Nullable State state) {
    List<Tensor> values = parameters.stream().map(Parameter::value).toList();
    List<Tensor> kept = keep == null ? List.of() : List.of(keep);
    return ops.recorded(
        isDifferentiated(ops, x, parameters),
        RECURRENT.tensor(
            recurrence.kind().code,
            x,
            values,
            recurrence.width(),
            recurrence.sizes(),
            recurrence.numbers(),
            kept,
            state == null ? List.of() : List.of(state.tail()),
            state == null ? List.of() : state.state()),
        x,
        d ->
            RECURRENT_BACKWARD.tensor(
                d,
                recurrence.kind().code,
                x,
                values,
                recurrence.sizes(),
                recurrence.numbers(),
                kept,
                trained(parameters),
                gradients(parameters)),
        x);
  }

  /**
   * Runs over each document of a packed batch, starting from an empty state. Saves x for backward.
   *
   * @return [B, T, width], zeros outside of documents
   */
  public static Tensor packed(
      Ops ops,
      Recurrence recurrence,
      Tensor x,
      List<Parameter> parameters,
      DocumentBlocks documents) {
    List<Tensor> values = parameters.stream().map(Parameter::value).toList();
    return ops.recorded(
        isDifferentiated(ops, x, parameters),
        PACKED_RECURRENT.tensor(
            recurrence.kind().code,
            x,
            values,
            recurrence.width(),
            recurrence.sizes(),
            recurrence.numbers(),
            documents.gather(),
            documents.real(),
            documents.place()),
        x,
        d ->
            PACKED_RECURRENT_BACKWARD.tensor(
                d,
                recurrence.kind().code,
                x,
                values,
                recurrence.sizes(),
                recurrence.numbers(),
                documents.gather(),
                documents.real(),
                documents.place(),
                trained(parameters),
                gradients(parameters)),
        x);
  }

  private static boolean isDifferentiated(Ops ops, Tensor x, List<Parameter> parameters) {
    return ops.isDifferentiated(x) || parameters.stream().anyMatch(ops::trains);
  }

  private static long[] trained(List<Parameter> parameters) {
    List<Long> places = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      if (parameters.get(i).isTrained()) {
        places.add((long) i);
      }
    }
    return places.stream().mapToLong(Long::longValue).toArray();
  }

  private static List<Tensor> gradients(List<Parameter> parameters) {
    return parameters.stream().filter(Parameter::isTrained).map(Parameter::gradient).toList();
  }

  /**
   * Returns the temporary memory of forward: F32 intermediates, a few times the size of the input.
   */
  private static long forwardBytes(Object... arguments) {
    return Kind.of(arguments[0]).forwardCopies * floats(arguments[1]);
  }

  /** Returns the temporary memory of backward, which holds all of them at once. */
  private static long backwardBytes(Object... arguments) {
    return Kind.of(arguments[1]).backwardCopies * floats(arguments[2]);
  }

  private static long floats(Object x) {
    return ((Tensor) x).count() * DType.F32.bytes();
  }

  /**
   * Splits the gates of an attention's output off its projection. Saves nothing for backward.
   *
   * @param x [B, T, H (query | gate) D + rest]
   * @return the projection without gates [B, T, H D + rest], and the gates [B, T, H D]
   */
  public static Tensor[] splitGates(Ops ops, Tensor x, long heads, long dim) {
    Tensor[] parts = SPLIT_GATES.tensors(x, heads, dim);
    if (ops.isDifferentiated(x)) {
      ops.record(
          parts,
          new Tensor[] {x},
          d -> new Tensor[] {SPLIT_GATES_BACKWARD.tensor(d[0], d[1], heads, dim)});
    }
    return parts;
  }

  /** Multiplies by the sigmoids of gates. Saves both for backward. */
  public static Tensor gated(Ops ops, Tensor y, Tensor gates) {
    return ops.recorded(
        ENTRIES_GATED.tensor(y, gates),
        new Tensor[] {y, gates},
        d -> ENTRIES_GATED_BACKWARD.tensors(d, y, gates),
        y,
        gates);
  }
}
