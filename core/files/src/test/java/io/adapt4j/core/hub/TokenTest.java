package io.adapt4j.core.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenTest {

  @Test
  void aTokenIsNotPrinted() {
    assertThat(new Token("!hf_secret~")).hasToString("(hidden)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a\u007f", "a\n", "\u00e9"})
  void whatATokenNeverHasIsRefusedAndNotShown(String value) {
    assertThatThrownBy(() -> new Token(value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the access token is empty or has characters that a token never has");
  }
}
