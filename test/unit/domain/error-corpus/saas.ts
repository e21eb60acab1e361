import type { Source } from './corpus.js';

export const saas: readonly Source[] = [
  {
    source: 'stripe',
    name: 'StripeInvalidRequestError',
    causes: [
      "No such customer: '{prefixed}'",
      'No such payment_intent: {prefixed}',
      "This PaymentIntent's amount could not be updated because it has a status of succeeded. ({prefixed})",
      'Invalid API Key provided: {secretkey}',
      ['StripeCardError', 'Your card was declined.'],
      ['StripeCardError', 'Your card has insufficient funds.'],
      ['StripeCardError', "Your card's security code is incorrect."],
      [
        'StripeIdempotencyError',
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{uuid}' if you meant to execute a different request.",
      ],
      [
        'StripeRateLimitError',
        'Request rate limit exceeded. You can learn more about rate limits here {url}. [request-id: {prefixed}]',
      ],
      [
        'StripeConnectionError',
        'An error occurred with our connection to Stripe. Request was retried {n} times.',
      ],
      [
        'StripeSignatureVerificationError',
        'No signatures found matching the expected signature for payload. Are you passing the raw request body you received from Stripe?',
      ],
    ],
  },
  {
    source: 'paypal and adyen',
    name: 'Error',
    causes: [
      '{"name":"UNPROCESSABLE_ENTITY","details":[{"issue":"INSTRUMENT_DECLINED","description":"The instrument presented was declined."}],"debug_id":"{hexdebug}"}',
      '{"name":"RESOURCE_NOT_FOUND","details":[{"issue":"INVALID_RESOURCE_ID"}],"message":"The specified resource does not exist.","debug_id":"{hexdebug}"}',
      '{"name":"RATE_LIMIT_REACHED","message":"Too many requests. Blocked due to rate limiting.","debug_id":"{hexdebug}"}',
      [
        'HttpClientException',
        'HTTP Exception: 401. : HTTP Status Response - Unauthorized pspReference={ulid}',
      ],
      ['HttpClientException', 'HTTP Exception: 422. : Unsupported currency specified pspReference={ulid}'],
      [
        'HttpClientException',
        "HTTP Exception: 422. : Required field 'reference' is not provided. pspReference={ulid}",
      ],
    ],
  },
  {
    source: 'openai and anthropic',
    name: 'APIError',
    causes: [
      [
        'RateLimitError',
        '429 Rate limit reached for gpt-4o in organization {org} on tokens per min (TPM): Limit {n}, Used {n}, Requested {n}. Please try again in {ms}. Visit {url} to learn more.',
      ],
      [
        'RateLimitError',
        '429 You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: {url}.',
      ],
      [
        'AuthenticationError',
        '401 Incorrect API key provided: {secretkey}. You can find your API key at {url}.',
      ],
      [
        'BadRequestError',
        "400 This model's maximum context length is {n} tokens. However, your messages resulted in {n} tokens. Please reduce the length of the messages.",
      ],
      [
        'InternalServerError',
        '500 The server had an error while processing your request. Sorry about that! (request ID {hex32})',
      ],
      ['APIConnectionTimeoutError', 'Request timed out.'],
      [
        'InternalServerError',
        '529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"{reqid}"}',
      ],
      [
        'BadRequestError',
        '400 {"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: {n} tokens > {n} maximum"},"request_id":"{reqid}"}',
      ],
    ],
  },
  {
    source: 'slack',
    name: 'Error',
    causes: [
      'An API error occurred: channel_not_found',
      'An API error occurred: not_in_channel',
      'An API error occurred: invalid_auth',
      'An API error occurred: token_revoked',
      'A rate limit was exceeded (url: chat.postMessage, retry-after: {n})',
      'A rate-limit has been reached, you may retry this request in {n} seconds',
      'An HTTP protocol error occurred: statusCode = 503',
    ],
  },
  {
    source: 'github and octokit',
    name: 'HttpError',
    causes: [
      'Bad credentials - {url}',
      'Not Found - {url}',
      'API rate limit exceeded for installation ID {n}. If you reach out to GitHub Support for help, please include the request ID {ghid} and timestamp {stampspace} UTC. - {url}',
      'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID {ghid}.',
      'Validation Failed: {"resource":"PullRequest","code":"custom","message":"A pull request already exists for {ident}:{ident}."} - {url}',
      'Reference already exists - {url}',
      'Resource not accessible by integration - {url}',
    ],
  },
  {
    source: 'salesforce and hubspot',
    name: 'Error',
    causes: [
      ['INVALID_SESSION_ID', 'Session expired or invalid'],
      ['REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'],
      [
        'UNABLE_TO_LOCK_ROW',
        'unable to obtain exclusive access to this record or {n} records: {sfid},{sfid}',
      ],
      ['DUPLICATE_VALUE', 'duplicate value found: External_Id__c duplicates value on record with id: {sfid}'],
      ['MALFORMED_ID', 'Contact ID: id value of incorrect type: {sfid}'],
      'HTTP-Code: 409 Contact already exists. Existing ID: {n} correlationId={uuid}',
      'HTTP-Code: 429 You have reached your secondly limit. correlationId={uuid}',
    ],
  },
];
