package io.adapt4j.core.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.internal.http.RetryLaterException;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpErrorsTest {

  private static HttpErrors errors(Optional<Token> token) {
    return new HttpErrors(
        TestSettings.of(Path.of("cache")).token(token).build(), RepositoryId.model("acme/tiny"));
  }

  private static HttpHeaders headers(Map<String, String> values) {
    return HttpHeaders.of(
        values.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> List.of(entry.getValue()))),
        (name, value) -> true);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          401 |                  | false | does not exist, or is private or gated and no access token is set
          401 |                  | true  | does not exist, or the access token is invalid
          404 | RepoNotFound     | false | does not exist, or is private or gated and no access token is set
          403 | GatedRepo        | false | Accept its terms at http://hub/acme/tiny and set HF_TOKEN
          403 | GatedRepo        | true  | check that HF_TOKEN is a token of that account
          404 | RevisionNotFound | false | no such revision. See its branches and tags at http://hub/acme/tiny
          404 | EntryNotFound    | false | no such file. See its files at http://hub/acme/tiny/tree/main
          403 |                  | true  | access is forbidden. If the repository is gated, accept its terms
          404 |                  | true  | not found. Check the name, the revision and HF_ENDPOINT (http://hub)
          400 |                  | true  | the request failed. Check HF_ENDPOINT (http://hub)
          """)
  void aRefusalSaysWhatToDo(int status, String code, boolean token, String words)
      throws IOException {
    HttpHeaders headers = headers(code == null ? Map.of() : Map.of("X-Error-Code", code));
    assertThat(
            errors(Optional.of(new Token("t")).filter(some -> token))
                .explain(status, headers, "main", ""))
        .hasMessageStartingWith("acme/tiny@main: ")
        .hasMessageContaining(words)
        .hasMessageEndingWith("(the server answered " + status + ")");
  }

  @Test
  void theFileAndWhatTheServerSaidAreNamed() throws IOException {
    assertThat(
            errors(Optional.of(new Token("hf_secret")))
                .explain(400, headers(Map.of("X-Error-Message", "no hf_secret")), "v1", "a.json"))
        .hasMessageStartingWith("acme/tiny@v1: a.json: ")
        .hasMessageEndingWith("(the server answered 400, no (hidden))");
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 502, 503, 504})
  void whatMaySucceedLaterIsToBeTriedAgain(int status) {
    assertThatExceptionOfType(RetryLaterException.class)
        .isThrownBy(() -> errors(Optional.empty()).explain(status, headers(Map.of()), "main", ""))
        .withMessage("the server answered " + status);
  }
}
