package io.adapt4j.upkeep.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names, paths and texts from outside are bounded. */
class NamesTest {

  private static final String HASH = "0123456789abcdef".repeat(4);

  @Test
  void pathsHaveAtMost512CharactersIn16Parts() {
    String part = "x".repeat(31) + "/";
    assertThatCode(() -> Names.requirePath(part.repeat(15) + "x".repeat(32)))
        .doesNotThrowAnyException();
    for (String path : new String[] {"x".repeat(513), "x/".repeat(16) + "x"}) {
      assertThatThrownBy(() -> Names.requirePath(path))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("more than 512 characters or 16 parts");
    }
    assertThatCode(() -> Names.requirePath("a file.json")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/a", "a/", "a//b", "../a", "a/./b", "a\\b", "c:a", "a\tb", "aux.md"})
  void pathsOfNoFileOfEverySystemAreRefused(String path) {
    assertThatThrownBy(() -> new VersionFile(path, 1, HASH))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("Rename the file");
  }

  @Test
  void aFileHasASizeAndADigest() {
    assertThat(new VersionFile("a", 0, HASH).bytes()).isZero();
    assertThatThrownBy(() -> new VersionFile("a", -1, HASH)).hasMessageContaining("found -1");
    for (String hash : new String[] {"", HASH + "0", "A" + HASH.substring(1)}) {
      assertThatThrownBy(() -> new VersionFile("a", 1, hash)).hasMessageContaining("a SHA-256");
    }
  }

  @Test
  void textsHaveALength() {
    String reason = "x".repeat(1_996);
    assertThat(Change.by("anna", reason).reason()).isEqualTo(reason);
    assertThatThrownBy(() -> Change.by("anna", reason + "x")).hasMessageContaining("2000");
    NewVersion version = NewVersion.of("m", Path.of("run"));
    assertThat(version.note("x".repeat(10_000)).note()).hasSize(10_000);
    assertThatThrownBy(() -> version.note("x".repeat(10_001))).hasMessageContaining("10000");
    assertThat(Names.shown("x".repeat(120))).isEqualTo("x".repeat(120));
    assertThat(Names.shown("x".repeat(121))).isEqualTo("x".repeat(117) + "...");
    assertThat(Names.shown("a\nb\u0000")).isEqualTo("a?b?");
  }
}
