package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.DictView;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Values;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/** The filter urlencode. */
final class UrlEncoding {

  private static final String SAFE = "_.-~";

  private UrlEncoding() {}

  static Object urlencode(Run run, Object value, Arguments arguments) {
    arguments.bind("urlencode", 0);
    if (Values.isText(value) || !Values.isIterable(value)) {
      return quoted(run, value, false);
    }
    Object pairs = value instanceof Dict dict ? new DictView(dict, DictView.Kind.ITEMS) : value;
    List<String> parts = new ArrayList<>();
    Iterator<Object> items = Values.iterate(run, pairs);
    while (items.hasNext()) {
      List<Object> pair = Values.list(run, items.next());
      if (pair.size() != 2) {
        throw new Fault("urlencode needs pairs, found " + pair.size() + " values");
      }
      parts.add(quoted(run, pair.get(0), true) + "=" + quoted(run, pair.get(1), true));
    }
    return run.made(String.join("&", parts));
  }

  private static String quoted(Run run, Object value, boolean inQuery) {
    String text = Repr.str(run, value);
    run.make(3L * text.length());
    StringBuilder out = new StringBuilder();
    for (byte element : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (element & 0xff);
      boolean plain = c < 128 && (Character.isLetterOrDigit(c) || SAFE.indexOf(c) >= 0);
      if (plain || (c == '/' && !inQuery)) {
        out.append(c);
      } else if (c == ' ' && inQuery) {
        out.append('+');
      } else {
        out.append(String.format(Locale.ROOT, "%%%02X", (int) c));
      }
    }
    return out.toString();
  }
}
