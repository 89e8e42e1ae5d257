package io.adapt4j.upkeep.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.Temporaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Laws of aliases and references. */
class RegistryLawsTest {

  private static final Change ALLOWED = Samples.ANNA.allowingNoExam();

  private static Path temp;
  private static Registry registry;

  @BeforeContainer
  static void open() throws IOException {
    temp = Files.createTempDirectory("registry");
    registry = Registry.open(temp.resolve("registry"));
    for (int i = 1; i <= 4; i++) {
      registry.add(NewVersion.of("m", Samples.adapter(temp.resolve("run" + i), "w" + i)));
    }
  }

  @AfterContainer
  static void delete() throws IOException {
    Temporaries.deleteTree(temp);
  }

  @Property(tries = 60)
  void rollbackAfterPromoteRestores(
      @ForAll @Size(min = 1, max = 6) List<@IntRange(min = 1, max = 4) Integer> before,
      @ForAll @IntRange(min = 1, max = 4) int next) {
    registry.removeAlias("m", "production", ALLOWED);
    before.forEach(number -> registry.promote(registry.resolve("m@" + number), ALLOWED));
    Map<String, Integer> aliases = registry.aliases("m");
    boolean moves = !aliases.get("production").equals(next);

    registry.promote(registry.resolve("m@" + next), ALLOWED);
    if (moves) {
      registry.rollback("m", ALLOWED);
    }

    assertThat(registry.aliases("m")).isEqualTo(aliases);
  }

  @Property(tries = 500)
  void aReferenceIsAVersionOrAClearError(@ForAll String text) {
    for (String reference : List.of(text, "m@" + text, "m@sha256:" + text, text + "@1")) {
      try {
        assertThat(registry.resolve(reference).name()).isEqualTo("m");
      } catch (RegistryException e) {
        assertThat(e.getMessage()).containsPattern("expected|no version").doesNotContain("\n");
      }
    }
  }
}
