package io.adapt4j.rag.document;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** Places of a document's text as the metadata field {@link Document#BOXES}. */
final class PageBoxes {

  private static final double UNITS = 10_000;
  private static final int NUMBERS = 7;

  private PageBoxes() {}

  static String write(List<PageBox> boxes) {
    return boxes.stream().map(PageBoxes::write).collect(Collectors.joining(";"));
  }

  private static String write(PageBox box) {
    String edges =
        DoubleStream.of(box.left(), box.top(), box.right(), box.bottom())
            .mapToObj(edge -> String.valueOf(Math.round(edge * UNITS)))
            .collect(Collectors.joining(","));
    return box.page() + "," + box.span().start() + "," + box.span().end() + "," + edges;
  }

  /** Reads the places; those that are not of this form are ignored. */
  static List<PageBox> read(Document document) {
    List<PageBox> boxes = new ArrayList<>();
    if (document.metadata().get(Document.BOXES) instanceof String written) {
      for (String box : written.split(";", -1)) {
        if (box.matches("\\d{1,9}(,\\d{1,9}){6}")) {
          int[] at = Arrays.stream(box.split(",", NUMBERS)).mapToInt(Integer::parseInt).toArray();
          boxes.add(
              new PageBox(
                  at[0],
                  new Span(at[1], at[2]),
                  at[3] / UNITS,
                  at[4] / UNITS,
                  at[5] / UNITS,
                  at[6] / UNITS));
        }
      }
    }
    return boxes;
  }
}
