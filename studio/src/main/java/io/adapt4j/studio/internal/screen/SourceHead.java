package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.store.Source;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The head that all screens of a source have: its name, and the tabs. */
final class SourceHead {

  private static final List<String> TABS = List.of("", "doctor", "mask");

  private SourceHead() {}

  static Map<String, Object> of(
      Look look, Source source, String tab, Optional<Inspection> inspection) {
    Map<String, Object> model = new LinkedHashMap<>();
    List<Object> tabs = new ArrayList<>();
    boolean readable = inspection.map(Inspection::isReadable).orElse(false);
    for (String each : TABS) {
      if (each.isEmpty() || readable) {
        tabs.add(
            Map.of(
                "name", look.message(each.isEmpty() ? "tab_data" : "tab_" + each),
                "path", look.to("data/" + source.id() + (each.isEmpty() ? "" : "/" + each)),
                "active", each.equals(tab)));
      }
    }
    model.put("title", source.name());
    model.put("id", source.id());
    model.put("name", source.name());
    model.put("path", source.path().toString());
    model.put("what", inspection.map(known -> InspectionText.line(look, known)).orElse(""));
    model.put("tabs", tabs);
    model.put("readable", readable);
    return model;
  }
}
