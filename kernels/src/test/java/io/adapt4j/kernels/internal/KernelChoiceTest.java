package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.kernels.internal.KernelChoice.Candidate;
import io.adapt4j.kernels.internal.KernelChoice.Choice;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which implementation computes with 4-bit weights. */
class KernelChoiceTest {

  private static final Candidate JAVA = new Candidate("java", () -> JavaKernels.INSTANCE);
  private static final Candidate ABSENT =
      new Candidate(
          "cuda",
          () -> {
            throw new IllegalStateException("no device was found");
          });
  private static final Candidate BROKEN =
      new Candidate(
          "cpu",
          () -> {
            throw new UnsatisfiedLinkError("libfourbit.so: wrong ELF class");
          });
  private static final Candidate UNINITIALIZED =
      new Candidate(
          "cpu",
          () -> {
            throw new ExceptionInInitializerError(new UnsatisfiedLinkError("no such symbol"));
          });

  @Test
  void theFirstThatIsPresentIsTakenAndTheLogSaysWhyOthersAreNot() {
    Choice choice = KernelChoice.choose("", List.of(ABSENT, BROKEN, JAVA));
    assertThat(choice.kernels()).isSameAs(JavaKernels.INSTANCE);
    assertThat(choice.message())
        .isEqualTo(
            "4-bit kernels: java; not used: cuda (no device was found); cpu (libfourbit.so: wrong"
                + " ELF class)");
    assertThat(KernelChoice.choose("", List.of(UNINITIALIZED, JAVA)).message())
        .contains("cpu (no such symbol)");
  }

  @Test
  void aForcedOneIsTakenOrRefusedWithItsReason() {
    assertThat(KernelChoice.choose("java", List.of(ABSENT, BROKEN, JAVA)).kernels())
        .isSameAs(JavaKernels.INSTANCE);
    assertThatThrownBy(() -> KernelChoice.choose("cpu", List.of(ABSENT, BROKEN, JAVA)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("adapt4j.qlora.kernels")
        .hasMessageContaining("wrong ELF class");
    assertThatThrownBy(() -> KernelChoice.choose("gpu", List.of(ABSENT, BROKEN, JAVA)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected one of [cuda, cpu, java], found 'gpu'");
  }

  @Test
  void oneIsChosenForTheProcess() {
    assertThat(KernelChoice.kernels()).isSameAs(KernelChoice.kernels());
  }
}
