package io.adapt4j.core.internal.nn.memory;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Structure;
import io.adapt4j.core.internal.nn.BatchTensors;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.FamilyGradientTest;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Tape;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a forward pass on shapes counts against the bytes that the same pass on numbers leaves
 * allocated for the backward pass, for every family.
 */
class MeasuredActivationsTest {

  private static final int ROWS = 512;

  /**
   * Other threads allocate and free memory too, so the pass that is nearest to the plan counts, and
   * a pass that is near enough ends the search. A layer that keeps one tensor more or less is off
   * by 2 % or more in all of them.
   */
  private static final int PASSES = 9;

  /** Small blocks, alignment, and what attention keeps of each row and head. */
  private static final double TOLERANCE = 0.01;

  /** A plan gives every expert an equal share of the positions; weights decide otherwise. */
  private static final double TOLERANCE_OF_EXPERTS = 0.05;

  @ParameterizedTest
  @MethodSource("families")
  void aForwardPassKeepsWhatIsCounted(String name) {
    assumeThat(isCounted()).as("glibc 2.33 or newer counts allocated bytes").isTrue();
    try (FamilyFolder folder = FamilyFolder.open(name);
        Network network = folder.load()) {
      network.parameters().forEach(Parameter::train);
      Batch batch = batch(folder);
      ActivationMemory.OfPass planned =
          new ActivationMemory(
                  () -> Architectures.declare(network.modelConfig()),
                  TrainableSummary.everything(network))
              .of(new ActivationMemory.Batch(ROWS, FamilyFolder.LENGTH, DType.F32, false));
      double bytes = planned.outside() + planned.kept();
      double tolerance = hasExperts(network) ? TOLERANCE_OF_EXPERTS : TOLERANCE;
      double measured = (double) kept(network, batch);
      for (int pass = 1; pass < PASSES && Math.abs(measured / bytes - 1) > tolerance; pass++) {
        double found = (double) kept(network, batch);
        measured = Math.abs(found - bytes) < Math.abs(measured - bytes) ? found : measured;
      }
      assertThat(measured / bytes)
          .as("%s: measured %,.0f, planned %,.0f bytes", name, measured, bytes)
          .isCloseTo(1, within(tolerance));
    }
  }

  private static boolean hasExperts(Network network) {
    return network.routerBalance().isPresent();
  }

  static Stream<String> families() {
    return FamilyGradientTest.trainable();
  }

  /** Many rows, so that tensors are large beside everything else, the rest of a page included. */
  private static Batch batch(FamilyFolder folder) {
    long[] ids = folder.batch("").ids();
    int tokens = ROWS * FamilyFolder.LENGTH;
    long[] many = new long[tokens];
    for (int i = 0; i < tokens; i++) {
      many[i] = ids[i % ids.length];
    }
    long[] ones = new long[tokens];
    Arrays.fill(ones, 1);
    return new Batch(many, ones, new long[tokens], new long[tokens], ROWS, FamilyFolder.LENGTH);
  }

  /** The bytes that a recorded forward pass leaves allocated. */
  private static long kept(Network network, Batch batch) {
    try (Scope scope = Scope.open();
        Positions positions =
            network instanceof Decoder decoder
                ? decoder.positions(batch.attentionMask(), ROWS, FamilyFolder.LENGTH)
                : ((Encoder) network)
                    .positions(batch.ids(), batch.attentionMask(), ROWS, FamilyFolder.LENGTH);
        Tape tape = new Tape()) {
      Ops ops = Ops.recording(tape, 1);
      Tensor ids = BatchTensors.ids(batch);
      Tensor types = BatchTensors.types(batch);
      long before = allocated();
      network.body().forward(ops, ids, types, positions, false);
      return allocated() - before;
    }
  }

  private static boolean isCounted() {
    try {
      return allocated() > 0;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  private static long allocated() {
    Function mallinfo = NativeLibrary.getProcess().getFunction("mallinfo2");
    MallocInfo info = (MallocInfo) mallinfo.invoke(MallocInfo.class, new Object[0]);
    return info.uordblks + info.hblkhd;
  }

  /** glibc's {@code struct mallinfo2}. */
  public static final class MallocInfo extends Structure implements Structure.ByValue {
    public long arena;
    public long ordblks;
    public long smblks;
    public long hblks;
    public long hblkhd;
    public long usmblks;
    public long fsmblks;
    public long uordblks;
    public long fordblks;
    public long keepcost;

    @Override
    protected List<String> getFieldOrder() {
      return List.of(
          words("arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"));
    }
  }
}
