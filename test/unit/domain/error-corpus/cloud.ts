import type { Source } from './corpus.js';

export const cloud: readonly Source[] = [
  {
    source: 'aws s3',
    name: 'S3ServiceException',
    causes: [
      ['NoSuchKey', 'The specified key does not exist.'],
      ['NoSuchBucket', 'The specified bucket does not exist: {bucket}, RequestId: {awsid}, HostId: {b64}'],
      [
        'AccessDenied',
        'Access Denied (Service: S3, Status Code: 403, Request ID: {awsid}, Extended Request ID: {b64})',
      ],
      [
        'SlowDown',
        'Please reduce your request rate. (Service: S3, Status Code: 503, Request ID: {awsid}, Extended Request ID: {b64})',
      ],
      [
        'InternalError',
        'We encountered an internal error. Please try again. (Service: S3, Status Code: 500, Request ID: {awsid})',
      ],
      ['EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size: {n} > {n}'],
      [
        'PermanentRedirect',
        'The bucket you are attempting to access must be addressed using the specified endpoint: {host}',
      ],
      [
        'RequestTimeTooSkewed',
        'The difference between the request time {iso} and the current time {iso} is too large.',
      ],
    ],
  },
  {
    source: 'aws dynamodb',
    name: 'DynamoDBServiceException',
    causes: [
      ['ConditionalCheckFailedException', 'The conditional request failed'],
      [
        'ProvisionedThroughputExceededException',
        'The level of configured provisioned throughput for the table {ident} was exceeded. Consider increasing your provisioning level with the UpdateTable API. (request {awslong})',
      ],
      ['ResourceNotFoundException', 'Requested resource not found: Table: {ident} not found'],
      [
        'ValidationException',
        'One or more parameter values were invalid: Missing the key {ident} in the item',
      ],
      ['ValidationException', 'Item size has exceeded the maximum allowed size'],
      [
        'TransactionCanceledException',
        'Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None]',
      ],
      ['TransactionConflictException', 'Transaction is ongoing for the item'],
    ],
  },
  {
    source: 'aws sqs, sns and ses',
    name: 'Error',
    causes: [
      ['QueueDoesNotExist', 'The specified queue does not exist: {arn}'],
      ['ReceiptHandleIsInvalid', 'The input receipt handle "{b64}" is not a valid receipt handle.'],
      ['NotFoundException', 'Topic does not exist: {arn}'],
      ['EndpointDisabledException', 'Endpoint is disabled: {arn}'],
      [
        'MessageRejected',
        'Email address is not verified. The following identities failed the check in region EU-WEST-1: {email}',
      ],
      ['MessageRejected', 'Address blacklisted: {email}'],
      ['Throttling', 'Maximum sending rate exceeded.'],
      ['LimitExceededException', 'Daily message quota exceeded: {n} of {n}'],
      ['AccountSuspendedException', "The account's ability to send email has been disabled: {digits12}"],
    ],
  },
  {
    source: 'aws lambda and sts',
    name: 'Error',
    causes: [
      [
        'AccessDeniedException',
        'User: {arn} is not authorized to perform: lambda:InvokeFunction on resource: {arn} because no identity-based policy allows the lambda:InvokeFunction action',
      ],
      ['AccessDeniedException', 'User: {arn} is not authorized to perform: kms:Decrypt on resource: {arn}'],
      ['ExpiredTokenException', 'The security token included in the request is expired'],
      ['UnrecognizedClientException', 'The security token included in the request is invalid.'],
      ['TooManyRequestsException', 'Rate Exceeded. (request id {uuid})'],
      [
        'Error',
        'RequestId: {uuid} Error: Task timed out after {sec} seconds',
        '{iso} {uuid} Task timed out after {sec} seconds',
      ],
      ['Runtime.ExitError', 'RequestId: {uuid} Error: Runtime exited with error: signal: killed'],
      ['CredentialsProviderError', 'Could not load credentials from any providers'],
      ['SignatureDoesNotMatch', 'Signature expired: {stamp} is now earlier than {stamp} ({stamp} - 5 min.)'],
    ],
  },
  {
    source: 'google cloud',
    name: 'Error',
    causes: [
      "Quota exceeded for quota metric '{word}' and limit '{word}' of service '{host}' for consumer 'project_number:{digits12}'.",
      'The caller does not have permission',
      'No such object: {bucket}/{ident}/{uuid}.pdf',
      'Could not load the default credentials. Browse to {url} for more information.',
      'Not found: Table {ident}:{ident}.{ident}',
      'Resource not found (resource={ident}).',
      'Exceeded rate limits: too many table update operations for this table. For more information, see {url}',
      ['GaxiosError', 'invalid_grant: Token has been expired or revoked.'],
      ['GaxiosError', 'invalid_grant: Invalid JWT Signature.'],
    ],
  },
  {
    source: 'azure',
    name: 'RestError',
    causes: [
      'The specified blob does not exist.\\nRequestId:{uuid}\\nTime:{iso}',
      'The specified container is being deleted. Try operation later.\\nRequestId:{uuid}\\nTime:{iso}',
      'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.\\nRequestId:{uuid}\\nTime:{iso}',
      [
        'AuthenticationError',
        "AADSTS700016: Application with identifier '{uuid}' was not found in the directory '{word}'. Trace ID: {uuid} Correlation ID: {uuid} Timestamp: {stampspace}",
      ],
      [
        'AuthenticationError',
        'AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID. Trace ID: {uuid} Correlation ID: {uuid} Timestamp: {stampspace}',
      ],
      [
        'ServiceBusError',
        'MessageLockLostError: The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue. Reference:{uuid}, TrackingId:{uuid}, SystemTracker:{ident}, Timestamp:{iso}',
      ],
      [
        'MessagingError',
        'ServerBusyError: The request was terminated because the namespace {ident} is being throttled. Error code : 50009. Please wait {n} seconds and try again. TrackingId:{uuid}',
      ],
      [
        'ErrorResponse',
        'Message: {"Errors":["Request rate is large. More Request Units may be needed, so no changes were made."]}\\r\\nActivityId: {uuid}, Request URI: {path}, RequestStats: {n}',
      ],
    ],
  },
  {
    source: 'firebase',
    name: 'FirebaseMessagingError',
    causes: [
      'Requested entity was not found.',
      'The registration token is not a valid FCM registration token',
      'SenderId mismatch',
      'Exceeded quota for sending to device {nanolong}',
      ['FirebaseAuthError', 'There is no user record corresponding to the provided identifier.'],
      [
        'FirebaseAuthError',
        'Firebase ID token has expired. Get a fresh ID token from your client app and try again (auth/id-token-expired). See {url} for details.',
      ],
      [
        'FirebaseAuthError',
        'Decoding Firebase ID token failed. Make sure you passed the entire string JWT which represents an ID token: {jwt}',
      ],
    ],
  },
  {
    source: 'kubernetes and docker',
    name: 'ApiException',
    causes: [
      'HTTP-Code: 404\\nMessage: Unknown API Status Code!\\nBody: "{\\"kind\\":\\"Status\\",\\"message\\":\\"pods \\\\\\"{ident}\\\\\\" not found\\",\\"code\\":404}"',
      'HTTP-Code: 409\\nMessage: Unknown API Status Code!\\nBody: "{\\"kind\\":\\"Status\\",\\"message\\":\\"jobs \\\\\\"{ident}\\\\\\" already exists\\",\\"code\\":409}"',
      '(HTTP code 404) no such container - No such container: {hex64} ',
      '(HTTP code 409) unexpected - Conflict. The container name "/{ident}" is already in use by container "{hex64}". You have to remove (or rename) that container to be able to reuse that name. ',
      '(HTTP code 500) server error - driver failed programming external connectivity on endpoint {ident} ({hex64}): Bind for 0.0.0.0:{port} failed: port is already allocated ',
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "{word}": executable file not found in $PATH: unknown',
    ],
  },
];
