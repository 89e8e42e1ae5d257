package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;

/** A schema's place in its document, and error messages about it. */
interface Place {

  /** Maximum number of characters of a value in messages. */
  int MOST_VALUE = 100;

  /** The place as a JSON pointer; long ones are shortened. */
  String path();

  JsonNode get(String keyword);

  /** Refuses the value of a keyword. */
  default SchemaException refused(String keyword, String message) {
    return new SchemaException(path() + "/" + keyword, message);
  }

  default SchemaException unsupported(String keyword, String remedy) {
    return refused(keyword, "the keyword " + keyword + " is not supported. " + remedy);
  }

  default SchemaException invalid(String keyword, String expected) {
    return refused(keyword, "expected " + expected + ", found " + said(get(keyword)));
  }

  static String shortened(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most) + "...";
  }

  /** Formats a value for messages. */
  static String said(JsonNode value) {
    return shortened(value.toString(), MOST_VALUE);
  }
}
