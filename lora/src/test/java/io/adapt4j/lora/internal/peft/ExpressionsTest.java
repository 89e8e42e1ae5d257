package io.adapt4j.lora.internal.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;

class ExpressionsTest {

  private static final String PATH = "model.layers.12.self_attn.q_proj";

  @Test
  void anExpressionMatchesTheWholePathAsPatternsDo() {
    assertThat(Expressions.matches(".*\\.(q|v)_proj", PATH)).isTrue();
    assertThat(Expressions.matches("q_proj", PATH)).isFalse();
    Matcher layer = Expressions.matcher(".*\\.layers\\.(\\d+)\\..*", PATH);
    assertThat(layer.matches()).isTrue();
    assertThat(layer.group(1)).isEqualTo("12");
  }

  @Test
  void anExpressionThatGoesBackWithoutEndIsRefused() {
    assertThatThrownBy(() -> Expressions.matches("(([a-z_.0-9]+)*)*!", PATH))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("(([a-z_.0-9]+)*)*!")
        .hasMessageContaining(PATH)
        .hasMessageContaining("takes too long");
  }
}
