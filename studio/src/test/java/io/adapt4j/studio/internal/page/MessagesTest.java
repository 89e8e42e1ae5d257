package io.adapt4j.studio.internal.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The bundles of messages, and what templates use of them. */
class MessagesTest {

  private static final Path TEMPLATES =
      Path.of("src/main/resources/io/adapt4j/studio/internal/page");

  private static List<String> found(Pattern pattern) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(TEMPLATES)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".html")).toList()) {
        Matcher matcher = pattern.matcher(Files.readString(file));
        while (matcher.find()) {
          found.add(matcher.group(matcher.groupCount()));
        }
      }
    }
    return found;
  }

  @Test
  void bothLanguagesHaveTheSameMessagesWithTheSameArguments() {
    Map<String, String> english = Looks.read("en");
    Map<String, String> german = Looks.read("de");
    assertThat(german.keySet()).isEqualTo(english.keySet());
    assertThat(english)
        .allSatisfy(
            (key, text) ->
                assertThat(german.get(key).split("%s", -1))
                    .as(key)
                    .hasSameSizeAs(text.split("%s", -1)));
  }

  @Test
  void templatesUseOnlyMessagesThatExist() throws IOException {
    assertThat(found(Pattern.compile("\\bt\\.(\\w+)")))
        .isNotEmpty()
        .isSubsetOf(Looks.read("en").keySet());
  }

  @Test
  void noTemplateHasInlineScriptsOrStylesOrUnquotedValues() throws IOException {
    assertThat(found(Pattern.compile("<script>|<style|\\sstyle=|\\son\\w+=|javascript:")))
        .isEmpty();
    assertThat(found(Pattern.compile("=\\{\\{"))).isEmpty();
  }

  @Test
  void everyTextOfAModelIsEscaped() {
    Look look = new Look(Locale.ENGLISH, "auto", "/", "", "", Looks.read("en"));
    String page =
        new Pages()
            .page(
                look,
                "error",
                "",
                Map.of(
                    "status",
                    404,
                    "message",
                    "<b onclick='x'>\"&",
                    "known",
                    true,
                    "title",
                    "</title>"));
    assertThat(page)
        .contains("&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;", "&lt;/title&gt;")
        .doesNotContain("<b onclick");
  }
}
