package io.adapt4j.core.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HubEnvironmentTest {

  @TempDir Path home;

  private HubEnvironment with(String... namesAndValues) {
    Map<String, String> variables = new HashMap<>(Map.of("HOME", home.toString()));
    for (int i = 0; i < namesAndValues.length; i += 2) {
      variables.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return new HubEnvironment(variables);
  }

  @Test
  void withoutVariablesTheDefaultsOfThePythonClientHold() {
    HubEnvironment none = with();

    assertThat(none.endpoint()).isEqualTo("https://huggingface.co");
    assertThat(none.cache()).isEqualTo(home.resolve(".cache/huggingface/hub"));
    assertThat(none.token()).isEmpty();
    assertThat(none.offline()).isFalse();
  }

  @Test
  void theCacheIsNamedByTheMostSpecificVariable() {
    assertThat(with("XDG_CACHE_HOME", "/x").cache()).isEqualTo(Path.of("/x/huggingface/hub"));
    assertThat(with("XDG_CACHE_HOME", "/x", "HF_HOME", "/h").cache()).isEqualTo(Path.of("/h/hub"));
    assertThat(with("HF_HOME", "/h", "HUGGINGFACE_HUB_CACHE", "/g").cache())
        .isEqualTo(Path.of("/g"));
    assertThat(with("HUGGINGFACE_HUB_CACHE", "/g", "HF_HUB_CACHE", "/c").cache())
        .isEqualTo(Path.of("/c"));
  }

  @Test
  void pathsAreExpanded() {
    assertThat(with("HF_HOME", "~/hf").cache()).isEqualTo(home.resolve("hf/hub"));
    assertThat(with("HF_HUB_CACHE", "${HOME}/a/$B", "B", "b").cache())
        .isEqualTo(home.resolve("a/b"));
  }

  @Test
  void anEmptyVariableCountsAsUnset() {
    assertThat(with("HF_ENDPOINT", "", "HF_HUB_CACHE", " ").cache())
        .isEqualTo(home.resolve(".cache/huggingface/hub"));
  }

  @Test
  void theTokenComesFromAVariableElseFromAFile() throws IOException {
    Path file = Files.createDirectories(home.resolve(".cache/huggingface")).resolve("token");
    Files.writeString(file, "hf_file\n");
    Path other = Files.writeString(home.resolve("other"), "hf_other");

    assertThat(with().token()).hasValue("hf_file");
    assertThat(with("HF_TOKEN_PATH", other.toString()).token()).hasValue("hf_other");
    assertThat(with("HF_TOKEN", " hf_variable\n").token()).hasValue("hf_variable");
    assertThat(with("HUGGING_FACE_HUB_TOKEN", "hf_old").token()).hasValue("hf_old");
    assertThat(with("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1").token()).isEmpty();
    assertThat(with("HF_TOKEN", "\n").token()).hasValue("hf_file");
    Files.writeString(file, "\n");
    assertThat(with().token()).isEmpty();
  }

  @Test
  void withoutAHomeTheCacheIsInThatOfTheUser() {
    assertThat(new HubEnvironment(Map.of()).cache())
        .isEqualTo(Path.of(System.getProperty("user.home"), ".cache/huggingface/hub"));
  }

  @ParameterizedTest
  @CsvSource({"1,true", "true,true", "Yes,true", "ON,true", "0,false", "no,false", "2,false"})
  void offlineModeIsSpelledAsInPython(String value, boolean offline) {
    assertThat(with("HF_HUB_OFFLINE", value).offline()).isEqualTo(offline);
    assertThat(with("TRANSFORMERS_OFFLINE", value).offline()).isEqualTo(offline);
  }

  @Test
  void anEndpointThatIsNoAddressIsRefused() {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> Hub.builder(Map.of("HF_ENDPOINT", "huggingface.co")))
        .withMessageContainingAll("HF_ENDPOINT", "huggingface.co");
  }

  @Test
  void theTokenIsNotPrinted() {
    Hub hub = Hub.builder(Map.of("HF_TOKEN", "hf_secret")).build();

    assertThat(hub.toString()).isEqualTo("https://huggingface.co");
    assertThat(new Token("hf_secret").toString()).doesNotContain("secret");
  }
}
