package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.http.Query;
import java.io.IOException;

/** Returns and deletes stored responses, and lists their input: {@code /v1/responses/ID}. */
public record StoredResponsesEndpoint(Conversations stored) implements Endpoint {

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    String[] path = call.path().split("/", -1);
    String id = path[3];
    if (path.length == 5 && path[4].equals("input_items")) {
      call.requireMethod("GET");
      call.send(200, StoredItems.page(call, stored.inputOf(call, id)));
    } else if (path.length != 4) {
      throw Fault.unknownUrl(call.path());
    } else if (call.method().equals("DELETE")) {
      stored.deleteResponse(call, id);
      call.send(
          200,
          JsonNodeFactory.instance
              .objectNode()
              .put("id", id)
              .put("object", "response")
              .put("deleted", true));
    } else {
      call.requireMethod("GET");
      if (Query.value(call, "stream").filter(flag -> !flag.equals("false")).isPresent()) {
        throw Fault.unsupported("stream", "stored responses are not streamed. Leave it out.");
      }
      call.send(200, stored.getResponse(call, id));
    }
  }
}
