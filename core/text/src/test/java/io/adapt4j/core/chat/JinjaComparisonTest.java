package io.adapt4j.core.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Golden;
import io.adapt4j.core.PlainJson;
import io.adapt4j.jinja.RenderOptions;
import io.adapt4j.jinja.Rendered;
import io.adapt4j.jinja.Template;
import io.adapt4j.jinja.TemplateException;
import java.io.IOException;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What Jinja itself makes of templates, to the character. */
class JinjaComparisonTest {

  @Test
  void snippetsRenderAsInJinja() throws IOException {
    compare(PlainJson.resource(JinjaComparisonTest.class, "jinja.json"));
  }

  @Test
  void goldenFeaturesRenderAsInJinja() throws IOException {
    compare(PlainJson.read(Golden.folder("chat").resolve("jinja_features.json")));
  }

  private static void compare(Map<String, Object> suite) {
    Clock clock =
        Clock.fixed(
            LocalDateTime.parse((String) suite.get("now")).toInstant(ZoneOffset.UTC),
            ZoneOffset.UTC);
    RenderOptions options = RenderOptions.defaults().withClock(clock);
    Map<String, Object> variables = PlainJson.fields(suite.get("variables"));
    List<Map<String, Object>> cases = PlainJson.objects(suite.get("cases"));
    assertThat(cases).isNotEmpty();
    List<String> differences = new ArrayList<>();
    for (Map<String, Object> cas : cases) {
      String difference = difference(cas, variables, options);
      if (!difference.isEmpty()) {
        differences.add(cas.get("template") + "\n    " + difference);
      }
    }
    assertThat(differences).isEmpty();
  }

  private static String difference(
      Map<String, Object> expected, Map<String, Object> variables, RenderOptions options) {
    boolean fails = expected.containsKey("error");
    try {
      Rendered rendered =
          Template.parse((String) expected.get("template")).render(variables, options);
      if (fails) {
        return "expected an error, found " + rendered.text();
      }
      if (!rendered.text().equals(expected.get("rendered"))) {
        return "expected " + expected.get("rendered") + "\n    found    " + rendered.text();
      }
      Object spans = expected.getOrDefault("spans", List.of());
      return spans.toString().equals(spans(rendered).toString())
          ? ""
          : "expected " + spans + ", found " + spans(rendered);
    } catch (TemplateException e) {
      boolean raisedAsExpected =
          !expected.containsKey("raised") || e.raised().equals(Optional.of(expected.get("raised")));
      return fails && raisedAsExpected ? "" : e.getMessage();
    }
  }

  /** In code points, as in Python. */
  private static List<List<Integer>> spans(Rendered rendered) {
    String text = rendered.text();
    return rendered.spans().stream()
        .map(
            span ->
                List.of(text.codePointCount(0, span.start()), text.codePointCount(0, span.end())))
        .toList();
  }
}
