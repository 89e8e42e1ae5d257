package io.adapt4j.studio.internal.screen;

import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Uploads;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;

/** Takes files, each as the body of a request; answers with the address of what was opened. */
public final class UploadScreen implements Screen {

  private final Uploads uploads;

  public UploadScreen(Uploads uploads) {
    this.uploads = uploads;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (!request.isPost()) {
      throw new Refusal(405, "refused_method");
    }
    try {
      Source source =
          uploads.receive(request.query().text("name"), length(request), request.body());
      return Response.text(200, "text/plain", look.to("data/" + source.id()));
    } catch (Refusal refusal) {
      return Response.text(refusal.status(), "text/plain", look.message(refusal.key()));
    }
  }

  private static long length(Request request) {
    return request
        .header("Content-Length")
        .filter(text -> text.matches("\\d{1,18}"))
        .map(Long::parseLong)
        .orElse(-1L);
  }
}
