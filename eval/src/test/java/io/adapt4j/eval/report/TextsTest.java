package io.adapt4j.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.eval.stats.ConfidenceInterval;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TextsTest {

  @Test
  void numbersHaveTheDigitsThatTheirSizeNeeds() {
    assertThat(Texts.number(0.61234)).isEqualTo("0.612");
    assertThat(Texts.number(-12.345)).isEqualTo("-12.3");
    assertThat(Texts.number(12345.6)).isEqualTo("12,346");
    assertThat(Texts.number(15_811_133)).isEqualTo("over a million");
    assertThat(Texts.range(new ConfidenceInterval(15_811_133, 7e6, 3e7, 0.95))).isEmpty();
    assertThat(Texts.number(Double.NaN)).isEqualTo("\u2013");
    assertThat(Texts.number(Double.POSITIVE_INFINITY)).isEqualTo("\u2013");
    assertThat(Texts.signed(0.5)).isEqualTo("+0.500");
    assertThat(Texts.signed(-0.5)).isEqualTo("-0.500");
    assertThat(Texts.pValue(0.0004)).isEqualTo("< 0.001");
  }

  @Test
  void timesHaveTheUnitsThatTheirLengthNeeds() {
    assertThat(Texts.time(Duration.ofMillis(20))).isEqualTo("20 ms");
    assertThat(Texts.time(Duration.ofMillis(2500))).isEqualTo("2.5 s");
    assertThat(Texts.time(Duration.ofSeconds(62))).isEqualTo("1 min 02 s");
    assertThat(Texts.time(Duration.ofMinutes(125))).isEqualTo("2 h 05 min");
  }

  @Test
  void excerptsSayHowMuchIsMissingAndKeepCharactersWhole() {
    assertThat(Texts.head("short", 5)).isEqualTo("short");
    assertThat(Texts.head("abcdef", 4)).isEqualTo("abcd\u2026 (2 more characters)");
    assertThat(Texts.tail("abcdef", 4)).isEqualTo("(2 characters before) \u2026cdef");
    assertThat(Texts.head("abc\uD83D\uDE00", 4)).startsWith("abc\u2026");
    assertThat(Texts.tail("\uD83D\uDE00abc", 4)).endsWith("\u2026abc");
    assertThat(Texts.line(" a\n\n b ", 10)).isEqualTo("a b");
    assertThat(Texts.line("abc\uD83D\uDE00", 4)).isEqualTo("abc\u2026");
  }
}
