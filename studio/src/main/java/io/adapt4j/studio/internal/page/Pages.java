package io.adapt4j.studio.internal.page;

import io.adapt4j.core.internal.Html;
import io.adapt4j.jinja.RenderOptions;
import io.adapt4j.jinja.Template;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Renders templates. Every text of a model is escaped before a template sees it, so that no
 * template can print one as HTML; only {@link Markup} is printed as it is.
 */
public final class Pages {

  /** Names of the screens in the navigation, in order. */
  private static final List<String> NAVIGATION =
      List.of("start", "plans", "runs", "exams", "compare", "ask", "ship", "registry", "machine");

  private final Map<String, Template> templates = new ConcurrentHashMap<>();
  private final Map<Map<String, String>, Object> messages = new ConcurrentHashMap<>();
  private final String macros = Html.resource(Pages.class, "macros.html");

  /** Renders a whole page. */
  public String page(Look look, String template, String active, Map<String, ?> model) {
    List<Map<String, Object>> navigation = new ArrayList<>();
    for (String name : NAVIGATION) {
      navigation.add(
          Map.of(
              "name", look.message("nav_" + name),
              "path", look.to(name.equals("start") ? "" : name),
              "active", name.equals(active)));
    }
    Map<String, Object> layout = new LinkedHashMap<>(model);
    layout.put("body", new Markup(part(look, template, model)));
    layout.put("navigation", navigation);
    layout.put("title", model.containsKey("title") ? model.get("title") : "");
    layout.put("note", look.note().isEmpty() ? "" : look.message("done_" + look.note()));
    return part(look, "layout", layout);
  }

  /** Renders a template alone, such as a part of a page that is replaced as it changes. */
  public String part(Look look, String template, Map<String, ?> model) {
    Map<String, Object> values = new LinkedHashMap<>();
    model.forEach((name, value) -> values.put(name, escaped(value)));
    values.put("t", messages.computeIfAbsent(look.messages(), Pages::escaped));
    values.put("here", Html.escape(look.to(look.here())));
    values.put("base", Html.escape(look.base()));
    values.put("language", look.locale().getLanguage());
    values.put("theme", Html.escape(look.theme()));
    return templates
        .computeIfAbsent(template, this::read)
        .render(values, RenderOptions.defaults())
        .text();
  }

  private Template read(String name) {
    return Template.parse(name, macros + Html.resource(Pages.class, name + ".html"));
  }

  private static Object escaped(Object value) {
    if (value instanceof String text) {
      return Html.escape(text);
    }
    if (value instanceof Markup markup) {
      return markup.html();
    }
    if (value instanceof Number || value instanceof Boolean) {
      return value;
    }
    if (value instanceof Optional<?> optional) {
      return optional.<Object>map(Pages::escaped).orElse("");
    }
    if (value instanceof Iterable<?> all) {
      List<Object> list = new ArrayList<>();
      all.forEach(each -> list.add(escaped(each)));
      return list;
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> result = new LinkedHashMap<>();
      map.forEach((name, each) -> result.put(Html.escape(name.toString()), escaped(each)));
      return result;
    }
    throw new IllegalArgumentException("a template's value cannot be a " + value.getClass());
  }
}
