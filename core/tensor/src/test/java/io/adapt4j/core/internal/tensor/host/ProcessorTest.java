package io.adapt4j.core.internal.tensor.host;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessorTest {

  @Test
  void bf16IsReadFromTheFlagsOfX86AndArm() {
    assertThat(Processor.hasBf16("processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 sse\n"))
        .isTrue();
    assertThat(Processor.hasBf16("processor\t: 0\nFeatures\t: fp asimd bf16\n")).isTrue();
    assertThat(Processor.hasBf16("processor\t: 0\nflags\t\t: fpu avx2 fma\n")).isFalse();
    assertThat(Processor.hasBf16("")).isFalse();
  }
}
