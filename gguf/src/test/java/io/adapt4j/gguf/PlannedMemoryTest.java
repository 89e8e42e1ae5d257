package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Structure;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is planned for the weights of a GGUF base against the bytes that they leave allocated. */
class PlannedMemoryTest {

  /** Other threads allocate and free memory too, so the load that is nearest to the plan counts. */
  private static final int LOADS = 12;

  @TempDir private Path folder;

  private Path checkpoint;

  @BeforeEach
  void writeModel() {
    assumeThat(isCounted()).as("glibc 2.33 or newer counts allocated bytes").isTrue();
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
    checkpoint = TestModels.random(folder.resolve("random"), 512);
  }

  /** The blocks of the output head stand beside its values. */
  @ParameterizedTest
  @EnumSource(
      value = GgufQuantization.class,
      names = {"F32", "Q8_0", "Q4_K_M", "Q3_K_M", "Q2_K"})
  void theWeightsOfAFileTakeWhatIsPlanned(GgufQuantization type) {
    Path file = folder.resolve("model.gguf");
    GgufExport.of(checkpoint).type(type).to(file);
    Path base = ModelSource.path(file).folder();
    long planned =
        planned(
            base,
            Lora.rank(2),
            Set.of(
                MemoryNames.WEIGHTS,
                MemoryNames.PACKED_CODES,
                MemoryNames.PACKED_SCALES,
                MemoryNames.PACKED_TABLES));
    assertThat(nearest(planned, () -> TestModels.load(base)) / planned).isCloseTo(1, within(0.01));
  }

  @Test
  void weightsThatAreRoundedAreHeldTwice() {
    FineTuningMethod method = QuantizationAware.of(Lora.rank(2), GgufQuantization.Q4_0);
    long planned = planned(checkpoint, method, Set.of(MemoryNames.COPIES));
    assertThat(planned).isPositive();
    try (Decoder decoder = TestModels.load(checkpoint)) {
      long adapter =
          planned(checkpoint, method, Set.of(MemoryNames.ADAPTERS, MemoryNames.GRADIENTS));
      long all = planned + adapter;
      double measured = nearest(all, () -> Methods.of(method).attach(decoder, checkpoint, 1));
      assertThat(measured / all).isCloseTo(1, within(0.02));
    }
  }

  private static long planned(Path base, FineTuningMethod method, Set<String> names) {
    StoredModel stored = StoredModel.read(base, WeightFormat.asStored());
    try (Decoder declared = Architectures.declareDecoder(stored.config());
        Checkpoint opened = Checkpoint.open(base)) {
      stored.weights().install(declared, opened);
      StepShape shape = StepShape.of(1, 16, DType.F32, Optimizer.adamW());
      List<MemoryItem> items = Planner.of(declared, method).estimate(shape).lasting();
      return items.stream()
          .filter(item -> names.contains(item.name()))
          .mapToLong(MemoryItem::bytes)
          .sum();
    }
  }

  /** Makes what has memory. */
  @FunctionalInterface
  private interface Maker {
    AutoCloseable make();
  }

  private static double nearest(long planned, Maker maker) {
    double nearest = Double.MAX_VALUE;
    for (int load = 0; load < LOADS; load++) {
      long before = allocated();
      try (AutoCloseable made = maker.make()) {
        double measured = allocated() - before;
        if (Math.abs(measured - planned) < Math.abs(nearest - planned)) {
          nearest = measured;
        }
        assertThat(made).isNotNull();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
    return nearest;
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
  @Structure.FieldOrder({
    "arena",
    "ordblks",
    "smblks",
    "hblks",
    "hblkhd",
    "usmblks",
    "fsmblks",
    "uordblks",
    "fordblks",
    "keepcost"
  })
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
  }
}
