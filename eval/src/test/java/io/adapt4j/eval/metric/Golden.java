package io.adapt4j.eval.metric;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;

/** Numbers of the reference implementations. */
final class Golden {

  private Golden() {}

  static JsonNode read(String name) throws IOException {
    try (InputStream stream = Golden.class.getResourceAsStream("/golden/metrics/" + name)) {
      return new ObjectMapper().readTree(stream);
    }
  }

  static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  static double[] numbers(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false)
        .mapToDouble(JsonNode::asDouble)
        .toArray();
  }
}
