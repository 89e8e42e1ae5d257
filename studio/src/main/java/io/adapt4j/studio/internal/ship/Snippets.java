package io.adapt4j.studio.internal.ship;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.internal.ship.Services.Service;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Values of the code that calls a service, or that loads a model in another program. */
public final class Snippets {

  private static final int TOKENS = 200;

  private Snippets() {}

  /** Returns the values for a model of a service, as literals of shells and of Java. */
  public static Map<String, Object> of(Service service, Path key, String model, boolean chats) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("model", model);
    if (chats) {
      body.putArray("messages").addObject().put("role", "user").put("content", "Hello");
    } else {
      body.put("prompt", "Once upon a time");
    }
    int most = service.mostTokens(TOKENS);
    String json = Json.compact(body.put("max_tokens", most));
    String url = service.address() + (chats ? "/v1/chat/completions" : "/v1/completions");
    Map<String, Object> values = new LinkedHashMap<>(inProcess(service.model(), Optional.empty()));
    values.put("most", most);
    values.put("chats", chats);
    values.put("called", model);
    values.put("url", url);
    values.put("address", service.address());
    values.put("model_literal", literal(model));
    values.put("url_literal", literal(url));
    values.put("base_literal", literal(service.address() + "/v1"));
    values.put("key_shell", shell(key.toString()));
    values.put("key_literal", literal(key));
    values.put("body_shell", shell(json));
    values.put("body_literal", literal(json));
    return values;
  }

  /** Returns the values for a model that a program loads itself. */
  public static Map<String, Object> inProcess(String model, Optional<Path> adapter) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("most", TOKENS);
    values.put("path", model.replace("\\", "/"));
    values.put("path_literal", literal(model));
    values.put("adapts", adapter.isPresent());
    values.put("adapter_path", adapter.map(path -> path.toString().replace("\\", "/")).orElse(""));
    values.put("adapter_literal", adapter.map(Snippets::literal).orElse(""));
    return values;
  }

  /** Quotes a text for a shell. */
  private static String shell(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }

  private static String literal(Object text) {
    return Json.compact(JsonNodeFactory.instance.textNode(text.toString()));
  }
}
