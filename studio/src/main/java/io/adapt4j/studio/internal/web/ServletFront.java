package io.adapt4j.studio.internal.web;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The studio in a servlet container. */
public final class ServletFront {

  private final Front front;
  private final boolean ofUsers;

  /** Creates a front for a path with a slash at its end. */
  public ServletFront(String context, Router router, boolean ofUsers) {
    this.front = new Front(context, router);
    this.ofUsers = ofUsers;
  }

  public void answer(HttpServletRequest request, HttpServletResponse to) throws IOException {
    Map<String, List<String>> headers = new LinkedHashMap<>();
    for (String name : Collections.list(request.getHeaderNames())) {
      headers.put(name.toLowerCase(Locale.ROOT), Collections.list(request.getHeaders(name)));
    }
    if (ofUsers && request.getUserPrincipal() == null) {
      to.sendError(HttpServletResponse.SC_UNAUTHORIZED);
      return;
    }
    Response response =
        front.answer(
            request.getMethod(),
            request.getRequestURI(),
            request.getQueryString(),
            headers,
            request.getInputStream());
    to.setStatus(response.status());
    response.headers().forEach(to::setHeader);
    to.setContentType(response.type());
    to.setContentLength(response.body().length);
    if (!request.getMethod().equals("HEAD")) {
      to.getOutputStream().write(response.body());
    }
  }
}
