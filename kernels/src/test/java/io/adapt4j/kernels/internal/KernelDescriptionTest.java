package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class KernelDescriptionTest {

  private static final CpuLibrary LIBRARY = new CpuLibrary(CpuVariant.AVX512, null);

  private static String of(CpuLibrary library, String forced) {
    return KernelDescription.of(library, forced, List.of(), List.of("avx2", "avx512f"));
  }

  @Test
  void theInstructionSetIsNamed() {
    assertThat(of(LIBRARY, "")).isEqualTo("C++, avx512");
    assertThat(of(LIBRARY, "avx512")).isEqualTo("C++, avx512");
  }

  @Test
  void whatTheProcessorHasMoreIsNamed() {
    assertThat(of(LIBRARY, "avx2"))
        .isEqualTo("C++, avx2, as adapt4j.qlora.cpu says; the processor has avx512");
    assertThat(
            KernelDescription.of(
                LIBRARY,
                "",
                List.of("adapt4j.kernels.steps"),
                List.of("avx512_fp16", "amx_int8", "fma")))
        .isEqualTo(
            "C++, avx512; the processor's avx512_fp16, amx_int8 are not used;"
                + " adapt4j.kernels.steps=off");
  }

  @Test
  void theArtifactToAddIsNamed() {
    assertThat(of(new CpuLibrary(null, CpuLibrary.absence("linux-arm64")), ""))
        .startsWith("none: ")
        .contains("no library for linux-arm64", "classifier linux-arm64", "-kernels-platform");
    assertThat(CpuLibrary.absence("linux-ppc64le"))
        .contains("no library for linux-ppc64le", "C++ compiler")
        .doesNotContain("classifier");
  }
}
