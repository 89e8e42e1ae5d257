package io.adapt4j.lora.internal.peft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PeftNamesTest {

  @Test
  void anAdapterOnTheWrongBaseIsToldInAFewLines() {
    List<String> differences = IntStream.range(0, 80).mapToObj(i -> "tensor " + i).toList();
    assertThat(PeftNames.some(differences))
        .startsWith("tensor 0\n  tensor 1\n")
        .endsWith("\n  and 75 more of 80 differences")
        .hasLineCount(6);
    assertThat(PeftNames.some(differences.subList(0, 2))).isEqualTo("tensor 0\n  tensor 1");
  }
}
