package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Text;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Values;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The methods of Python's strings that search for other strings. */
final class StringSearches {

  private StringSearches() {}

  static void addTo(Map<String, StringMethods.Method> methods) {
    methods.put("startswith", (run, self, arguments) -> affix(run, self, arguments, true));
    methods.put("endswith", (run, self, arguments) -> affix(run, self, arguments, false));
    methods.put("find", (run, self, arguments) -> find(run, "find", self, arguments, false));
    methods.put("rfind", (run, self, arguments) -> find(run, "rfind", self, arguments, true));
    methods.put("index", (run, self, arguments) -> index(run, "index", self, arguments, false));
    methods.put("rindex", (run, self, arguments) -> index(run, "rindex", self, arguments, true));
    methods.put("count", StringSearches::count);
  }

  private static boolean affix(Run run, String self, Arguments arguments, boolean start) {
    String name = start ? "startswith" : "endswith";
    Object[] values = arguments.bindPositional(name, 1, "prefix", "start", "end");
    String part = part(run, self, values[1], values[2]);
    if (part == null) {
      return false;
    }
    Iterator<?> affixes =
        values[0] instanceof Tuple tuple ? tuple.items().iterator() : List.of(values[0]).iterator();
    while (affixes.hasNext()) {
      String text = StringMethods.text(affixes.next());
      run.step(1);
      if (start ? part.startsWith(text) : part.endsWith(text)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the part between two positions; null if it starts after the end of the text. */
  private static String part(Run run, String self, Object start, Object end) {
    if (start == Arguments.MISSING && end == Arguments.MISSING) {
      return self;
    }
    run.work(self.length());
    int length = Text.length(self);
    if (start != null && start != Arguments.MISSING && Values.integer("start", start) > length) {
      return null;
    }
    int from = CollectionMethods.position(start, length, 0);
    int to = CollectionMethods.position(end, length, length);
    return from > to ? null : Text.slice(self, from, to);
  }

  private static long find(Run run, String name, String self, Arguments arguments, boolean last) {
    Object[] values = arguments.bindPositional(name, 1, "sub", "start", "end");
    String sought = StringMethods.text(values[0]);
    String part = part(run, self, values[1], values[2]);
    run.search(self, sought);
    if (part == null) {
      return -1;
    }
    int at = last ? part.lastIndexOf(sought) : part.indexOf(sought);
    int from = CollectionMethods.position(values[1], Text.length(self), 0);
    return at < 0 ? -1 : from + part.codePointCount(0, at);
  }

  private static long index(Run run, String name, String self, Arguments arguments, boolean last) {
    long at = find(run, name, self, arguments, last);
    if (at < 0) {
      throw new Fault("substring not found");
    }
    return at;
  }

  private static long count(Run run, String self, Arguments arguments) {
    Object[] values = arguments.bindPositional("count", 1, "sub", "start", "end");
    String sought = StringMethods.text(values[0]);
    String part = part(run, self, values[1], values[2]);
    run.search(self, sought);
    if (part == null) {
      return 0;
    }
    if (sought.isEmpty()) {
      return Text.length(part) + 1L;
    }
    long count = 0;
    for (int at = part.indexOf(sought); at >= 0; at = part.indexOf(sought, at + sought.length())) {
      count++;
    }
    return count;
  }
}
