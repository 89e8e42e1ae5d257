package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parts of the models that templates are given. */
final class Models {

  private Models() {}

  /** A line of a list of facts. */
  static Map<String, Object> fact(String name, Object value) {
    return Map.of("name", name, "value", value);
  }

  /** The choices of a field, from names by their values. */
  static List<Object> choices(Map<String, String> names, String chosen) {
    List<Object> choices = new ArrayList<>();
    names.forEach(
        (value, name) ->
            choices.add(Map.of("value", value, "name", name, "chosen", value.equals(chosen))));
    return choices;
  }

  /** The links of a list that is paged. */
  static Map<String, Object> pages(Look look, String address, int page, int size, long all) {
    return pages(look, address, page, size, all, 0);
  }

  /** As above, with the number in the address of the first page. */
  static Map<String, Object> pages(
      Look look, String address, int page, int size, long all, int first) {
    long last = Math.max(0, (all - 1) / size);
    Formats formats = look.formats();
    Map<String, Object> pages = new LinkedHashMap<>();
    pages.put("more", last > 0);
    pages.put("before", page > 0 ? address + (page - 1 + first) : "");
    pages.put("after", page < last ? address + (page + 1 + first) : "");
    pages.put(
        "text",
        size == 1
            ? look.message("one_of", formats.count(page + 1L), formats.count(all))
            : look.message(
                "page_of",
                formats.count((long) page * size + 1),
                formats.count(Math.min(all, (long) (page + 1) * size)),
                formats.count(all)));
    return pages;
  }

  /** Returns the elements of a page. */
  static <T> List<T> onPage(List<T> all, int page, int size) {
    int start = (int) Math.min(all.size(), (long) page * size);
    return all.subList(start, Math.min(all.size(), start + size));
  }
}
