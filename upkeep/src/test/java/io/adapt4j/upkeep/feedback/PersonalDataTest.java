package io.adapt4j.upkeep.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.adapt4j.core.chat.ChatMessage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PersonalDataTest {

  private final PersonalData data = PersonalData.patterns();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Write to ann.b+c@mail.example.org.              | Write to [EMAIL].
          jürgen@müller.example and <x@y.co>              | [EMAIL] and <[EMAIL]>
          call +49 (0)30 1234567, please                  | call [PHONE], please
          call +1-202-555-0143 or (202) 555-0143          | call [PHONE] or [PHONE]
          0049 30 1234567                                 | [PHONE]
          IBAN DE89 3704 0044 0532 0130 00 AND SO ON      | IBAN [IBAN] AND SO ON
          GB82WEST12345698765432.                         | [IBAN].
          card 4111 1111 1111 1111 12/27                  | card [CARD] 12/27
          4012888888881881, 378282246310005               | [CARD], [CARD]
          2345 4111111111111111                           | 2345 [CARD]
          from 203.0.113.77:8080                          | from [IP_ADDRESS]:8080
          http://198.51.100.7/x                           | http://[IP_ADDRESS]/x
          at 2001:db8:85a3::8a2e:370:7334                 | at [IP_ADDRESS]
          SSN 078-05-1120                                 | SSN [US_SSN]
          IdNr. 86 095 742 719                            | IdNr. [GERMAN_TAX_ID]
          86095742719                                     | [GERMAN_TAX_ID]
          CPF 529.982.247-25                              | CPF [BRAZILIAN_CPF]
          DNI 12345678Z                                   | DNI [SPANISH_DNI]
          git clone https://ann:s3cret@git.example/x      | git clone https://[URL_CREDENTIALS]/x
          key AKIAIOSFODNN7EXAMPLE                        | key [API_KEY]
          xoxb-123456789012-abcdefghij                    | [API_KEY]
          sk-proj-abcdefghij1234567890                    | [API_KEY]
          AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY | AWS_SECRET_ACCESS_KEY=[API_KEY]
          eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP | [JWT]
          """)
  void personalDataAndSecretsAreMasked(String text, String masked) {
    assertThat(data.mask(text)).isEqualTo(masked);
  }

  @Test
  void aTokenOfGitHubIsMasked() {
    assertThat(data.mask("ghp_" + "a1".repeat(18) + ";")).isEqualTo("[API_KEY];");
  }

  @Test
  void privateKeysAreMaskedUpToTheirEnd() {
    String key = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nabc\n-----END RSA PRIVATE KEY-----";
    assertThat(data.mask("a " + key + " b")).isEqualTo("a [PRIVATE_KEY] b");
    assertThat(data.mask("a " + key.substring(0, 40))).isEqualTo("a [PRIVATE_KEY]");
    String certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    assertThat(data.mask(certificate)).isEqualTo(certificate);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "version 1.2.3.4 and v10.0.1.2",
        "\"version\": \"1.2.3.4\"",
        "Chrome/120.0.6099.109",
        "1.2.3, 2024-05-06, 12:34:56, 2024-05-06T12:34:56Z",
        "ISBN 978-3-16-148410-0 and 9783161484100",
        "order 20240517001234, invoice 4111111111111112",
        "GB82 WEST 1234 5698 7654 33",
        "std::vector<int> a::b fe::1d",
        "localhost 127.0.0.1 and 0.0.0.0",
        "logo@2x.png, @ann, a@b",
        "sk-learn-preprocessing-pipelines",
        "86095742718 and 12345678901",
        "111.111.111-11",
        "12345678A",
        "+1 apples, 00 7, 3 + 4567890",
        "https://example.org:8080/a@b",
        "3.14159265358979323846 and 1e10",
        "commit 9c6d36dfc960331aadc95808040069ab7b7ea2e8",
        "550e8400-e29b-41d4-a716-446655440000",
        "1700000000000"
      })
  void whatOnlyLooksLikeItIsLeft(String text) {
    assertThat(data.find(text)).isEmpty();
    assertThat(data.mask(text)).isEqualTo(text);
  }

  @Test
  void allTextsOfAMessageAreMasked() {
    ChatMessage message =
        ChatMessage.of(
            Map.of(
                "role",
                "assistant",
                "content",
                List.of(Map.of("type", "text", "text", "to a@b.org")),
                "tool_calls",
                List.of(
                    Map.of("id", "x", "function", Map.of("arguments", "{\"to\":\"c@d.org\"}")))));
    assertThat(data.mask(message).toString())
        .contains("to [EMAIL]", "{\"to\":\"[EMAIL]\"}", "role=assistant")
        .doesNotContain("@");
  }

  @Test
  void hostileTextsTakeLinearTime() {
    int size = 1 << 17;
    List<String> pieces =
        List.of(
            "a",
            "1",
            "1 ",
            "4111 ",
            "@",
            "a@",
            "a.",
            "a@a.",
            "+1",
            "+1(",
            "eyJ",
            "eyJa.",
            "://a:",
            "://",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN ",
            "DE89",
            "DE89 ",
            "1.",
            "1:",
            "sk-",
            "sk-1",
            "0049 ",
            "é",
            "00",
            "[EMAIL]",
            "aws_secret_access_key=");
    assertTimeout(
        Duration.ofSeconds(60),
        () -> pieces.forEach(piece -> data.mask(piece.repeat(size / piece.length()))));
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> telling =
        Arbitraries.of(
            "a@b.org",
            "4111111111111111",
            "4111 1111",
            "+49 30 1234567",
            "DE89370400440532013000",
            "203.0.113.7",
            "86095742719",
            "078-05-1120",
            "://a:b@",
            "AKIAIOSFODNN7EXAMPLE",
            " ",
            "-",
            ".",
            "@",
            "[EMAIL]",
            "[",
            "]",
            ":",
            "1",
            "x",
            "2001:db8::1",
            "-----BEGIN ",
            "PRIVATE KEY-----",
            "-----END ",
            "ü",
            "\uD83D\uDE00",
            "/",
            "+");
    return telling.list().ofMaxSize(12).map(parts -> String.join("", parts));
  }

  @Property
  void maskingIsIdempotent(@ForAll("texts") String text) {
    String masked = data.mask(text);
    assertThat(data.mask(masked)).isEqualTo(masked);
    assertThat(data.find(masked)).isEmpty();
  }

  @Property
  void spansAreDisjointAndOrdered(@ForAll("texts") String text) {
    int end = 0;
    for (PersonalSpan span :
        data.and(all -> List.of(new PersonalSpan("NAME", 0, 1))).find(text + "x")) {
      assertThat(span.start()).isGreaterThanOrEqualTo(end);
      assertThat(span.end()).isGreaterThan(span.start()).isLessThanOrEqualTo(text.length() + 1);
      end = span.end();
    }
  }
}
